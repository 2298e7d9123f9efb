"""The listening socket and the HTTP server on it. It keeps private data out of the log."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Collection

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from p2claw.edge.connection import Connection, Refusal, refuses_nobody, watched
from p2claw.edge.front import Front
from p2claw.edge.leaving import Leaving
from p2claw.edge.places import Places
from p2claw.errors import UsageError
from p2claw.system_errors import reason_of
from p2claw.units import KIB

# The wire protocol allows targets of 131,072 characters, and a Referer may quote such a target.
_LINE_BYTES = 132 * KIB
_BACKLOG = 1024
# When the server stops: how long running handlers may take to finish.
_SHUTDOWN_S = 5.0
# How long the unread rest of a request body is read and dropped before the connection is cut.
_LINGER_S = 2.0
_KEEPALIVE_S = 75.0


_LISTEN_HINTS = {
    errno.EADDRINUSE: "Another program has the port; name another with --listen",
    errno.EADDRNOTAVAIL: "This machine has no such address; name another with --listen",
    errno.EACCES: "Ports below 1024 are for root, and for `p2claw service install server`; "
    "name another with --listen",
}


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. host: "" for every address. Raises UsageError `listen-failed`."""
    try:
        if host:
            family, _, _, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            return socket.create_server(address, family=family, backlog=_BACKLOG)
        if socket.has_dualstack_ipv6():
            return socket.create_server(
                ("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
            )
        return socket.create_server(("", port), backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {host or '*'}:{port}: {reason_of(error)}",
            code="listen-failed",
            hint=_LISTEN_HINTS.get(error.errno or 0, "Name another address with --listen"),
        ) from None


@contextlib.asynccontextmanager
async def listening(
    app: web.Application,
    bound: socket.socket,
    context: ssl.SSLContext | None,
    *,
    places: Places,
    head_s: float,
    unread_s: float,
    first: Collection[str] = (),
    refusal: Refusal = refuses_nobody,
) -> AsyncIterator[None]:
    """Serve the application on this socket while the block runs, and close the socket after it.

    places: how many connections there may be. head_s, unread_s: see `Connection`. first: the paths
    that are served when there are nearly too many. refusal: see `Connection`.
    """
    app.on_response_prepare.append(_name_server)
    app.middlewares.insert(0, watched(first))
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    server = runner.server
    assert server is not None
    logger = _server_log()
    leaving = Leaving(asyncio.get_running_loop())

    def connection(is_last: bool, on_lost: Callable[[], None], host: str) -> Connection:
        return Connection(
            server,
            head_s=head_s,
            unread_s=unread_s,
            is_last=is_last,
            on_lost=on_lost,
            host=host,
            refusal=refusal,
            leaving=leaving,
            access_log=None,
            logger=logger,
            keepalive_timeout=_KEEPALIVE_S,
            max_line_size=_LINE_BYTES,
            max_field_size=_LINE_BYTES,
            lingering_time=_LINGER_S,
        )

    front = Front(bound, context, places, connection, handshake_s=head_s, refusal=refusal)
    front.start()
    try:
        yield
    finally:
        await front.stop()
        leaving.end_all()
        await runner.cleanup()
        bound.close()


async def _name_server(_: web.Request, response: web.StreamResponse) -> None:
    """Keep the library and its version, which aiohttp would name, out of the response."""
    response.headers["Server"] = "p2claw"


def _server_log() -> logging.Logger:
    logger = logging.getLogger("p2claw.http")
    if not any(isinstance(known, _Redaction) for known in logger.filters):
        logger.addFilter(_Redaction())
    return logger


class _Redaction(logging.Filter):
    """A log filter for aiohttp, whose lines quote requests and the peer's address: it removes
    these.

    Malformed HTTP is the fault of the other end and is not logged, and a client that goes away is
    none. Faults of ours keep their stack traces.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (HttpProcessingError, ConnectionResetError)):
            return False
        record.msg, record.args = "request failed", ()
        return True
