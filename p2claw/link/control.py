"""Keeps the control connection: a WebSocket to the coordinator, opened again whenever it is lost.

It decides when to connect and when to wait. The messages on the socket are its caller's: `serve`.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any

import aiohttp

from p2claw.errors import LinkError, P2clawError
from p2claw.link.backoff import Backoff
from p2claw.link.set_clock import clock_was_set
from p2claw.link.signalling_client import signalling_client
from p2claw.link.tcp_state import unacknowledged
from p2claw.log import get_log
from p2claw.source_address import source_of
from p2claw.system_errors import reason_of

log = get_log("link")

CONNECT_TIMEOUT_S = 10.0
SEND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
# Of a connection whose way is gone: the goodbye is written, and nobody waits for a reply.
LEAVE_TIMEOUT_S = 0.05
KEEPALIVE_S = 20.0
# If TCP has had no acknowledgement of a ping by then, the way is gone: Linux sends it again after
# 0.2 s and a round trip.
DOUBT_S = 0.5
MESSAGE_BYTES = 65_536  # docs/WIRE.md, Limits

CLOCK_SKEW = 4002

# How long to wait at least after these close codes (docs/WIRE.md §11).
LEAST_S = {
    4001: 60.0,  # signature-invalid, and version and audience-invalid: nothing changes soon
    # A machine that has just started sets its clock within a minute, and then its boxes are to be
    # back within 15 s: 8 + 4, and 3 for the connection.
    CLOCK_SKEW: 8.0,
    4003: 60.0,
    4009: 60.0,  # replaced: two agents with one key would replace each other again and again
    4010: 60.0,
    4011: 60.0,  # banned, or not invited: until its owner or the operator does something
}
# By how much the tries after a refusal for the clock are spread, instead of ever more.
CLOCK_SKEW_SPREAD_S = 4.0
# How long a coordinator can make an agent wait that it does not let in.
MOST_RETRY_AFTER_S = 60.0


class ControlState(enum.Enum):
    """The state of a control connection. `offline` is the wait between two tries."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"


class ControlLostError(LinkError):
    """The socket closed or could not be opened.

    close_code: of RFC 6455 §7.4, or None. least_s: how long to wait at least, by the reply.
    """

    code = "control-lost"

    def __init__(
        self, message: str, *, close_code: int | None = None, least_s: float = 0.0
    ) -> None:
        super().__init__(message)
        self.close_code = close_code
        self.least_s = least_s


class ControlSocket:
    """One open WebSocket: whole binary messages."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, on_settled: Callable[[], None]
    ) -> None:
        self._socket = socket
        self._on_settled = on_settled

    async def send(self, message: bytes) -> None:
        """Send one message. Raises ControlLostError, also when the peer reads nothing for 10 s."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.send_bytes(message)
        except TimeoutError as error:
            raise ControlLostError("the coordinator reads nothing") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise self._lost() from error

    async def receive(self, *, timeout_s: float | None = None) -> bytes:
        """The next message. Raises ControlLostError at the end, and after `timeout_s` of silence.

        Without a timeout the WebSocket's own pings notice a peer that is gone.
        """
        try:
            async with asyncio.timeout(timeout_s):
                message = await self._socket.receive()
        except TimeoutError as error:
            raise ControlLostError(f"the coordinator sent nothing for {timeout_s:g} s") from error
        if message.type is aiohttp.WSMsgType.BINARY:
            return bytes(message.data)
        if message.type is aiohttp.WSMsgType.TEXT:
            raise ControlLostError("the coordinator sent text where binary belongs")
        raise self._lost()

    async def reaches(self) -> bool:
        """Whether a ping comes as far as the coordinator's kernel, within DOUBT_S."""
        try:
            await self._socket.ping()
        except (aiohttp.ClientError, ConnectionError):
            return False
        await asyncio.sleep(DOUBT_S)
        return not unacknowledged(self._socket.get_extra_info("socket"))

    def still_leads_there(self) -> bool:
        """Whether packets to the coordinator still leave from this connection's own address."""
        own, there = (self._socket.get_extra_info(name) for name in ("sockname", "peername"))
        return own is not None and there is not None and source_of(there[0]) == own[0]

    def settled(self) -> None:
        """The coordinator accepted us: the state is online, and the next wait begins small."""
        self._on_settled()

    def _lost(self) -> ControlLostError:
        code = self._socket.close_code
        return ControlLostError(f"the coordinator closed the connection ({code})", close_code=code)


class ControlConnection:
    """Keeps one WebSocket to `url` open, for ever: open it, call `serve`, wait, begin again.

    serve: speaks on one socket until it ends. What it raises of ours is logged and tried again;
        anything else is a fault and ends `run`.
    clock_set: returns once somebody has set this machine's clock. A box that was refused for its
        clock tries again then, at once.
    """

    def __init__(
        self,
        url: str,
        serve: Callable[[ControlSocket], Awaitable[None]],
        *,
        backoff: Backoff | None = None,
        keepalive_s: float = KEEPALIVE_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock_set: Callable[[], Awaitable[object]] = clock_was_set,
    ) -> None:
        self.url = url
        self.state = ControlState.OFFLINE
        self.state_since_s = time.monotonic()
        self.last_error = ""
        self._serve = serve
        self._backoff = backoff or Backoff()
        self._keepalive_s = keepalive_s
        self._sleep = sleep
        self._clock_set = clock_set
        self._socket: ControlSocket | None = None
        self._renewal = asyncio.Event()
        self._reason = ""  # of the renewal
        self._is_told_when = False
        self._is_last = False
        self._doubting: asyncio.Task[None] | None = None

    def addresses_changed(self) -> None:
        """Connect again at once, unless the connection is one that goes on as it is, or the
        coordinator has told this box when to come: the addresses of all its boxes may have changed.
        """
        if self._is_told_when:
            return
        if self._socket is None or not self._socket.still_leads_there():
            self._renew("addresses-changed")

    def renew(self, reason: str) -> None:
        """Connect again at once."""
        self._renew(reason)

    def let_end(self) -> None:
        """Connect no more once this connection is lost: `run` returns then."""
        self._is_last = True
        if self.state is ControlState.OFFLINE:
            self._renew("ending")

    def has_ended(self) -> bool:
        """Whether it connects no more."""
        return self._is_last

    def doubt(self) -> None:
        """Links have fallen silent: see whether the coordinator is reached, or connect again."""
        if self._socket is not None and self._doubting is None:
            self._doubting = asyncio.get_running_loop().create_task(self._look(self._socket))

    async def _look(self, socket: ControlSocket) -> None:
        try:
            if not await socket.reaches() and self._socket is socket:
                self._renew("silent")
        finally:
            if self._doubting is asyncio.current_task():
                self._doubting = None

    def _renew(self, reason: str) -> None:
        self._reason = reason
        self._renewal.set()

    async def run(self) -> None:
        """Run until cancelled, or `let_end`; the socket is closed with 1001 then."""
        async with signalling_client() as client:
            was_by_clock = False
            while not self.has_ended():
                error = await self._once(client)
                if self.has_ended():
                    break
                if self._doubting is not None:
                    # The way was gone: a NAT that has forgotten the connection leads it elsewhere,
                    # and the server rejects that. Visitors wait, so it is not the time to wait.
                    self._doubting.cancel()
                    self._doubting = None
                    self._renew("silent")
                if self._renewal.is_set():
                    self._renewal.clear()
                    self._backoff.reset()
                    log.info("control connection renewed", reason=self._reason)
                    continue
                self.last_error = str(error)
                by_clock = isinstance(error, ControlLostError) and error.close_code == CLOCK_SKEW
                if by_clock and not was_by_clock:
                    # Whatever was the matter before, it is there again.
                    self._backoff.reset()
                was_by_clock = by_clock
                delay_s = self._backoff.next_delay_s(
                    least_s=_least_s(error), spread_s=CLOCK_SKEW_SPREAD_S if by_clock else None
                )
                log.warning(
                    "control connection lost",
                    code=error.code,
                    error=error.message,
                    retry_s=round(delay_s, 1),
                )
                self._enter(ControlState.OFFLINE)
                self._is_told_when = isinstance(error, ControlLostError) and error.least_s > 0
                try:
                    await self._unless_renewed(self._wait(delay_s, by_clock=by_clock))
                finally:
                    self._is_told_when = False
                self._renewal.clear()

    async def _wait(self, delay_s: float, *, by_clock: bool) -> None:
        watching = asyncio.ensure_future(self._renew_by_clock()) if by_clock else None
        try:
            await self._sleep(delay_s)
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.wait([watching])

    async def _renew_by_clock(self) -> None:
        await self._clock_set()
        self._renew("clock-set")

    async def _once(self, client: aiohttp.ClientSession) -> P2clawError:
        self._enter(ControlState.CONNECTING)
        try:
            await self._unless_renewed(self._exchange(client))
        except P2clawError as error:
            return error
        return ControlLostError("the connection was given up")

    async def _exchange(self, client: aiohttp.ClientSession) -> None:
        async with _Open(client, self.url, self._keepalive_s, self._renewal) as socket:
            self._socket = ControlSocket(socket, self._settled)
            try:
                await self._serve(self._socket)
            finally:
                self._socket = None

    async def _unless_renewed(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, until its end or until there is a reason to connect again."""
        doing, waiting = asyncio.create_task(work), asyncio.create_task(self._renewal.wait())
        try:
            await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = doing.done()
            for task in (doing, waiting):
                task.cancel()
            await asyncio.wait({doing, waiting})
        if ended:
            doing.result()

    def _settled(self) -> None:
        self._backoff.reset()
        self.last_error = ""
        self._enter(ControlState.ONLINE)

    def _enter(self, state: ControlState) -> None:
        """`state_since_s` is since when it is online, or is not: tries change nothing."""
        if ControlState.ONLINE in (state, self.state) and state is not self.state:
            self.state_since_s = time.monotonic()
        self.state = state


def _least_s(error: P2clawError) -> float:
    if not isinstance(error, ControlLostError):
        return 0.0
    return max(error.least_s, LEAST_S.get(error.close_code or 0, 0.0))


def asked_wait_s(retry_after: str) -> float:
    """What the field Retry-After asks for, as far as an agent lets itself be made to wait."""
    if not (retry_after.isascii() and retry_after.isdecimal()):
        return 0.0
    return min(float(retry_after), MOST_RETRY_AFTER_S)


def _not_upgraded(url: str, error: aiohttp.WSServerHandshakeError) -> ControlLostError:
    """A response that is no WebSocket. A full server names the time after which to come again."""
    if error.status not in (429, 503):
        return ControlLostError(f"{url} cannot be reached: {error}")
    after = error.headers.get("Retry-After", "") if error.headers is not None else ""
    least_s = asked_wait_s(after)
    return ControlLostError(f"{url} has too much to do just now ({error.status})", least_s=least_s)


class _Open:
    """Opens a WebSocket within CONNECT_TIMEOUT_S and closes it within CLOSE_TIMEOUT_S.

    left: whether it is to be left without a wait, because its way is gone.
    """

    def __init__(
        self, client: aiohttp.ClientSession, url: str, keepalive_s: float, left: asyncio.Event
    ) -> None:
        self._client = client
        self._url = url
        self._keepalive_s = keepalive_s
        self._left = left
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                self._socket = await self._client.ws_connect(
                    self._url,
                    heartbeat=self._keepalive_s,
                    max_msg_size=MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                )
        except TimeoutError as error:
            raise ControlLostError(f"{self._url} did not respond") from error
        except aiohttp.WSServerHandshakeError as error:
            raise _not_upgraded(self._url, error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise ControlLostError(f"{self._url} cannot be reached: {reason_of(error)}") from error
        return self._socket

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._socket is not None:
            timeout_s = LEAVE_TIMEOUT_S if self._left.is_set() else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
