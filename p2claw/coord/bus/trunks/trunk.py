"""The end of a trunk that dials: one for each node that this one sends to, while it does.

While there is no connection its messages go into the stream of the node, in Redis. A batch is kept
until it is acknowledged, and written anew by the other way if its own is lost: under its number, by
which whoever gets it twice passes over the second.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable

from p2claw.coord.bus.trunks.end import End
from p2claw.coord.bus.trunks.frames import (
    MOST_BYTES,
    Ack,
    Batch,
    Challenge,
    Frame,
    Welcome,
)
from p2claw.coord.bus.trunks.identity import Identity, dialling
from p2claw.coord.bus.trunks.kept import ACK_S, Kept
from p2claw.coord.bus.trunks.listening import CLOSE_S, ENTER_S, Look
from p2claw.errors import P2clawError, RemoteProtocolError
from p2claw.log import get_log

log = get_log("coordinator")

# A trunk by which nothing has gone for so long is closed.
IDLE_S = 60.0
# How soon a node that was not reached is dialled again: twice as late each time.
RETRY_S = 0.5
MOST_RETRY_S = 15.0
_LOOK_S = 0.5


class Trunk:
    """The way to one node. on_open: called when batches go by it from now on. on_lost: called when
    they do not any more, with those that may not have come.
    """

    def __init__(
        self,
        node: str,
        identity: Identity,
        look: Look,
        on_open: Callable[[str], None],
        on_lost: Callable[[str, list[Batch]], None],
    ) -> None:
        self._node = node
        self._identity = identity
        self._look = look
        self._on_open = on_open
        self._on_lost = on_lost
        self._kept = Kept()
        self._dialled: _Dialled | None = None
        self._waits_since = 0.0  # for an acknowledgement, while anything is kept
        self._used_at = asyncio.get_running_loop().time()

    @property
    def is_open(self) -> bool:
        """Whether batches go by this way."""
        return self._dialled is not None

    @property
    def waits(self) -> int:
        """How many batches are not acknowledged."""
        return len(self._kept)

    def keep(self, batch: Batch) -> None:
        """This one goes into the stream; until it has come, it may go by the trunk as well."""
        self._used_at = asyncio.get_running_loop().time()
        self._kept.add(batch, self._used_at)

    def send(self, batch: Batch) -> bool:
        """Send this one, with a higher number than all before; False: it has to go by the stream,
        as all do that `on_lost` has just been called with.
        """
        if self._kept.is_full:
            self.lose("too much waits for acknowledgement")
        if self._dialled is None:
            return False
        self.keep(batch)
        if len(self._kept) == 1:
            self._waits_since = self._used_at
        self._dialled.write(batch)
        return True

    def lose(self, why: str) -> None:
        """The connection is over, or is to be."""
        dialled, self._dialled = self._dialled, None
        if dialled is not None:
            dialled.close()
            log.warning("node not reached directly", node=self._node, reason=why)
            self._on_lost(self._node, self._kept.all())

    async def run(self) -> None:
        """Keep it open while it is used; returns when it is not. Cancelled, it is closed."""
        retry_s = RETRY_S
        try:
            while not self._is_idle():
                try:
                    await self._dial()
                except (OSError, ssl.SSLError, TimeoutError, P2clawError) as error:
                    log.debug("node not dialled", node=self._node, error=str(error))
                else:
                    retry_s = RETRY_S
                    await self._watch()
                    if self._is_idle():
                        break
                await asyncio.sleep(retry_s * random.uniform(0.5, 1.5))
                retry_s = min(2 * retry_s, MOST_RETRY_S)
        finally:
            dialled, self._dialled = self._dialled, None
            if dialled is not None:
                dialled.close()

    def _is_idle(self) -> bool:
        return asyncio.get_running_loop().time() >= self._used_at + IDLE_S

    async def _dial(self) -> None:
        """Raises OSError, SSLError, TimeoutError, P2clawError."""
        announced = await self._look(self._node)
        if announced is None:
            raise RemoteProtocolError("It announces nothing")
        dialled = _Dialled(self, self._identity, announced.certificate)
        try:
            async with asyncio.timeout(ENTER_S):
                await asyncio.get_running_loop().create_connection(
                    lambda: dialled,
                    *(announced.host, announced.port),
                    ssl=dialling(announced.certificate),
                    server_hostname="",
                    ssl_handshake_timeout=ENTER_S,
                    ssl_shutdown_timeout=CLOSE_S,
                )
                last = await dialled.welcomed
        except BaseException:
            dialled.close()
            raise
        self._open(dialled, last)

    def _open(self, dialled: _Dialled, last: int) -> None:
        self._kept.acknowledged(last)
        self._dialled = dialled
        self._waits_since = asyncio.get_running_loop().time()
        for batch in self._kept.all():
            dialled.write(batch)
        log.info("node reached directly", node=self._node)
        self._on_open(self._node)

    async def _watch(self) -> None:
        """Until it is lost, or not used any more."""
        while self._dialled is not None and not (self._is_idle() and not self._kept):
            await asyncio.sleep(_LOOK_S)
            now = asyncio.get_running_loop().time()
            if self._kept and now >= self._waits_since + ACK_S:
                self.lose("it acknowledges nothing")

    def acknowledged(self, number: int) -> None:
        """All up to this one have come."""
        self._kept.acknowledged(number)
        self._waits_since = asyncio.get_running_loop().time()

    def ended(self, dialled: _Dialled, why: str) -> None:
        """This connection is over."""
        if dialled is self._dialled:
            self.lose(why)


class _Dialled(End):
    """One connection. welcomed: the number of the last batch that has come there."""

    def __init__(self, trunk: Trunk, identity: Identity, certificate: bytes) -> None:
        super().__init__(MOST_BYTES)
        self.welcomed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._trunk = trunk
        self._identity = identity
        self._certificate = certificate

    def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
        if not self.welcomed.done():
            self.welcomed.cancel()

    def _received(self, frame: Frame) -> None:
        match frame:
            case Challenge(nonce) if not self.welcomed.done():
                self.write(self._identity.hello(self._certificate, nonce))
            case Welcome(last) if not self.welcomed.done():
                self.welcomed.set_result(last)
            case Ack(number) if self.welcomed.done():
                self._trunk.acknowledged(number)
            case _:
                raise RemoteProtocolError("A node does not send this frame now")

    def _over(self, why: P2clawError) -> None:
        if not self.welcomed.done():
            self.welcomed.set_exception(why)
            self.welcomed.exception()
        self.close()
        self._trunk.ended(self, why.message)
