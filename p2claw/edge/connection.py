"""One HTTP connection with deadlines: for a head that does not come, and for bytes nobody reads.

Without them a client that sends nothing, or a head byte by byte, holds a socket for ever.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from p2claw.edge.leaving import Leaving

# How often a connection is looked at: a deadline is met that much too late at most.
_LOOK_S = 2.0
# The same for a WebSocket. It has pings and deadlines of its own, and lives for weeks: every 2 s
# these looks were a quarter of what idle agents cost.
_LOOK_AT_SOCKET_S = 20.0
_RETRY_S = 5

# What a new connection of a host is sent before it is closed, by its first bytes; None: nothing.
Refusal = Callable[[bytes, str], bytes | None]


def refuses_nobody(data: bytes, host: str) -> bytes | None:
    """Every connection is served."""
    return None


class Connection(web.RequestHandler):
    """The protocol of a connection. Its deadlines are cut short by `abort`, without a response.

    head_s: how long a head may take, from the first moment or from its first byte. unread_s: how
    long the other end may read nothing of what waits for it. is_last: it has one of the last
    places. on_lost: called once, when it is closed. host: where it comes from, for `refusal`, which
    may end it by its first bytes. leaving: ends it if it was a WebSocket.
    """

    def __init__(
        self,
        server: web.Server,
        *,
        head_s: float,
        unread_s: float,
        is_last: bool,
        on_lost: Callable[[], None],
        host: str,
        refusal: Refusal,
        leaving: Leaving,
        **options: Any,
    ) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, **options)
        self.is_last = is_last
        self._clock = loop
        self._head_s = head_s
        self._unread_s = unread_s
        self._on_lost = on_lost
        self._host = host
        self._refusal: Refusal | None = refusal
        self._leaving = leaving
        self._heard: _Heard | None = None
        self._requests = 0  # that are served just now
        self._head_by: float | None = loop.time() + head_s
        self._unsent = 0
        self._unsent_by = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._look_s = min(_LOOK_S, head_s)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._timer = self._clock.call_later(self._look_s, self._look)

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """What comes from now on is no HTTP: it is a WebSocket."""
        self._heard = _Heard(data_received_cb)
        super().set_parser(parser, data_received_cb=self._heard)
        self._look_s = _LOOK_AT_SOCKET_S

    def data_received(self, data: bytes) -> None:
        refusal, self._refusal = self._refusal, None
        if refusal is not None and self.transport is not None:
            reply = refusal(data, self._host)
            if reply is not None:
                self.transport.write(reply)
                self.transport.close()
                return
        if self._head_by is None and not self._requests:
            self._head_by = self._clock.time() + self._head_s
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._on_lost()
        if self._heard is None:
            super().connection_lost(exc)
        else:
            self._heard.callback = None
            self._leaving.add(functools.partial(super().connection_lost, exc))

    def began(self) -> None:
        """A head has come, and its request is served."""
        self._requests += 1
        self._head_by = None

    def ended(self) -> None:
        """The request has been served."""
        self._requests -= 1

    def _look(self) -> None:
        transport, now = self.transport, self._clock.time()
        if transport is None:
            return
        unsent = transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._unsent_by = unsent, now + self._unread_s
        is_late = self._head_by is not None and now >= self._head_by
        if is_late or (unsent and now >= self._unsent_by):
            transport.abort()
            return
        self._timer = self._clock.call_later(self._look_s, self._look)


class _Heard:
    """Notifies a WebSocket that something came, until it is lost: then it does not refer to it any
    more, so that both are free at once. Python would look at all objects there are to find them.
    """

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None] | None) -> None:
        self.callback = callback

    def __call__(self) -> None:
        if self.callback is not None:
            self.callback()


def watched(first: Collection[str]) -> Middleware:
    """The middleware that notifies each connection of its requests; it is to be the outermost.

    first: paths that are served in the last places too.
    """

    @web.middleware
    async def watch(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        connection = request.protocol
        if not isinstance(connection, Connection):
            return await handler(request)
        connection.began()
        try:
            if connection.is_last and request.path not in first:
                return _busy()
            return await handler(request)
        finally:
            connection.ended()

    return watch


def _busy() -> web.Response:
    response = web.Response(
        status=503,
        text="This server has too many connections just now. Try again in a few seconds.\n",
        headers={"Retry-After": str(_RETRY_S), "Cache-Control": "no-store"},
    )
    response.force_close()
    return response
