"""The end of trunks that listens: lets nodes in that Redis knows, and says what has come."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from p2claw.coord.bus.trunks.end import End
from p2claw.coord.bus.trunks.frames import (
    MOST_BYTES,
    MOST_STRANGER_BYTES,
    Ack,
    Batch,
    Challenge,
    Frame,
    Hello,
    Welcome,
)
from p2claw.coord.bus.trunks.identity import NONCE_BYTES, Announced, Identity, is_proven
from p2claw.errors import P2clawError, RemoteProtocolError, UsageError
from p2claw.log import get_log
from p2claw.system_errors import reason_of

log = get_log("coordinator")

# How long a connection may take to show whose it is, and how many may be at that at once: one more
# is closed. Nodes that find no place go by Redis, and come again.
ENTER_S = 5.0
MOST_ENTERING = 32
# Acknowledgements wait so long for more to acknowledge.
ACK_LATER_S = 0.2
# How long the other end may take to agree that a trunk is closed.
CLOSE_S = 1.0
_BACKLOG = 64
_PAUSE_S = 0.1

# What Redis has of a node; None: nothing.
Look = Callable[[str], Awaitable[Announced | None]]
OnBatch = Callable[[str, Batch], None]


class Listening:
    """last: the number of the last batch of a node. on_batch: called with a node and its batch."""

    def __init__(
        self, identity: Identity, look: Look, last: Callable[[str], int], on_batch: OnBatch
    ) -> None:
        self.identity = identity
        self.look = look
        self.last = last
        self.on_batch = on_batch
        self.entered: set[Entered] = set()
        self._entering: set[asyncio.Task[None]] = set()
        self._context = identity.listening()

    async def run(self, bound: socket.socket) -> None:
        """Accept connections, until cancelled; then all are closed."""
        loop = asyncio.get_running_loop()
        bound.setblocking(False)
        try:
            while True:
                try:
                    accepted, _ = await loop.sock_accept(bound)
                except OSError:
                    await asyncio.sleep(_PAUSE_S)  # there are no descriptors left
                    continue
                if len(self._entering) >= MOST_ENTERING:
                    accepted.close()
                    continue
                entering = loop.create_task(self._enter(accepted))
                self._entering.add(entering)
                entering.add_done_callback(self._entering.discard)
        finally:
            for task in self._entering:
                task.cancel()
            await asyncio.gather(*self._entering, return_exceptions=True)
            for one in tuple(self.entered):
                one.close()

    async def _enter(self, accepted: socket.socket) -> None:
        one = Entered(self)
        try:
            async with asyncio.timeout(ENTER_S):
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: one,
                    accepted,
                    ssl=self._context,
                    ssl_handshake_timeout=ENTER_S,
                    ssl_shutdown_timeout=CLOSE_S,
                )
                await one.proven
        except (OSError, ssl.SSLError, TimeoutError, P2clawError) as error:
            log.debug("node not let in", error=str(error) or type(error).__name__)
        finally:
            if one not in self.entered:
                one.cut()


class _State(Enum):
    AWAITS_HELLO = auto()
    AWAITS_PROOF = auto()  # Redis is asked whose it is
    ENTERED = auto()
    OVER = auto()


class Entered(End):
    """One connection of another node. proven: done once it has shown whose it is."""

    def __init__(self, listening: Listening) -> None:
        super().__init__(MOST_STRANGER_BYTES)
        self.proven: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listening = listening
        self._state = _State.AWAITS_HELLO
        self._nonce = secrets.token_bytes(NONCE_BYTES)
        self._node = ""
        self._number = 0
        self._acking: asyncio.TimerHandle | None = None
        self._proving: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.write(Challenge(self._nonce))

    def close(self) -> None:
        """End it; what has come is acknowledged before."""
        if self._acking is not None:
            self._ack()
        if self._transport is not None:
            self._transport.close()
        self._over(RemoteProtocolError("This server ends"))

    def cut(self) -> None:
        """End it at once: nobody was let in."""
        self._over(RemoteProtocolError("It has not shown whose it is"))

    def _received(self, frame: Frame) -> None:
        match self._state, frame:
            case _State.ENTERED, Batch(number):
                self._listening.on_batch(self._node, frame)
                self._number = number
                if self._acking is None:
                    loop = asyncio.get_running_loop()
                    self._acking = loop.call_later(ACK_LATER_S, self._ack)
            case _State.AWAITS_HELLO, Hello():
                self._state = _State.AWAITS_PROOF
                self._proving = asyncio.get_running_loop().create_task(self._prove(frame))
            case _State.OVER, _:
                pass
            case _:
                raise RemoteProtocolError("A node does not send this frame now")

    async def _prove(self, hello: Hello) -> None:
        listening = self._listening
        try:
            announced = await listening.look(hello.node)
        except P2clawError as error:
            self._over(error)
            return
        if self._state is not _State.AWAITS_PROOF:
            return
        own = listening.identity.certificate
        if announced is None or not is_proven(
            hello, announced.certificate, own_certificate=own, nonce=self._nonce
        ):
            log.warning("node refused", node=hello.node[:16])
            self._over(RemoteProtocolError("Redis knows no such node"))
            return
        self._state, self._node = _State.ENTERED, hello.node
        self._frames.most_bytes = MOST_BYTES
        listening.entered.add(self)
        self.write(Welcome(listening.last(hello.node)))
        if not self.proven.done():
            self.proven.set_result(None)

    def _ack(self) -> None:
        if self._acking is not None:
            self._acking.cancel()
            self._acking = None
        self.write(Ack(self._number))

    def _over(self, why: P2clawError) -> None:
        self._state = _State.OVER
        self._listening.entered.discard(self)
        if self._acking is not None:
            self._acking.cancel()
            self._acking = None
        if not self.proven.done():
            self.proven.set_exception(why)
            self.proven.exception()  # nobody may be waiting
        transport, self._transport = self._transport, None
        if transport is not None and not transport.is_closing():
            transport.abort()  # whoever breaks the protocol is not waited for


def bound_to(host: str, port: int) -> socket.socket:
    """A socket that listens. host: "" for every address. Raises UsageError `listen-failed`."""
    both = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both or ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both
        )
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {host or '*'}:{port} for other nodes: {reason_of(error)}",
            code="listen-failed",
            hint="Another program may have the port; name another with --node-listen",
        ) from None
