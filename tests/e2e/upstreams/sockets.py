"""An app with WebSockets of every kind, and pages and workers that open them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.support.socket_upstreams import close, frame

PAGE = "<!doctype html><title>Sockets</title><p>A page of sockets"
POUR_BYTES = 2**20


@dataclass(slots=True)
class SocketApp:
    """handshakes: their fields. closed: (path, code, reason) of each WebSocket that has ended.

    poured: bytes that /pour has got rid of. read: bytes that /slow has read once `reads` was set.
    left: an /echo was closed with 1001. gave_up: a handshake at /hang was ended by the other side.
    """

    port: int = 0
    handshakes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    closed: list[tuple[str, int | None, str]] = field(default_factory=list)
    poured: int = 0
    read: int = 0
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    gave_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def socket_app(
    scripts: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[SocketApp]:
    """Serve on a port of its own until the block ends. scripts: by name, below /script/."""
    seen = SocketApp()

    async def opened(request: web.Request) -> web.WebSocketResponse:
        seen.handshakes.append((request.path, {k.lower(): v for k, v in request.headers.items()}))
        socket = web.WebSocketResponse(
            protocols=("v2", "v1"), max_msg_size=0, compress="compress" in request.query
        )
        socket.set_cookie("socket", "opened")
        if tls:
            socket.set_cookie("__Secure-socket", "opened", secure=True, httponly=True)
        await socket.prepare(request)
        return socket

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = await opened(request)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await socket.send_str(message.data)
                elif message.type is WSMsgType.BINARY:
                    await socket.send_bytes(message.data)
        finally:
            seen.closed.append((request.path, socket.close_code, ""))
            if socket.close_code == 1001:
                seen.left.set()
        return socket

    async def count(request: web.Request) -> web.WebSocketResponse:
        """Sends back the length of each message."""
        socket = await opened(request)
        async for message in socket:
            await socket.send_str(str(len(message.data)))
        return socket

    async def ending(request: web.Request) -> web.WebSocketResponse:
        socket = await opened(request)
        await socket.send_str("last")
        await socket.close(code=int(request.query["code"]), message=b"by the app")
        return socket

    async def raw(request: web.Request) -> web.WebSocketResponse:
        """Sends bytes that no server should, or hangs up."""
        socket = await opened(request)
        await socket.send_str("last")
        # Firefox reports to a page nothing of what came right before an end.
        await asyncio.sleep(0.3)
        assert request.transport is not None
        how = request.match_info["how"]
        if how == "empty":
            request.transport.write(frame(8))
        elif how == "reserved":
            request.transport.write(frame(1, b"a", flags=0x40))
        elif how == "text":
            request.transport.write(frame(1, b"\xff"))
        elif how == "code":
            request.transport.write(close(1005))
        elif how == "abort":
            request.transport.abort()
        else:
            request.transport.close()
        await asyncio.sleep(0.5)
        request.transport.close()  # before aiohttp says a Close of its own
        return socket

    async def pour(request: web.Request) -> web.WebSocketResponse:
        socket = await opened(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(int(request.query["mib"])):
                await socket.send_bytes(bytes(POUR_BYTES))
                seen.poured += POUR_BYTES
        return socket

    async def whole(request: web.Request) -> web.WebSocketResponse:
        """One message of so many MiB, each of a byte that is its number."""
        socket = await opened(request)
        mib = int(request.query["mib"])
        await socket.send_bytes(b"".join(bytes([number]) * 2**20 for number in range(mib)))
        return socket

    async def slow(request: web.Request) -> web.WebSocketResponse:
        socket = await opened(request)
        assert request.transport is not None
        request.transport.pause_reading()  # type: ignore[attr-defined]
        await seen.reads.wait()
        request.transport.resume_reading()  # type: ignore[attr-defined]
        async for message in socket:
            seen.read += len(message.data)
        return socket

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]), text="no")

    async def hang(request: web.Request) -> web.Response:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.gave_up.set()
            raise
        return web.Response()

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def script(request: web.Request) -> web.Response:
        text = (scripts or {})[request.match_info["name"]]
        return web.Response(text=text, content_type="text/javascript")

    app = web.Application()
    app.router.add_get("/script/{name}", script)
    app.router.add_get("/", page)
    app.router.add_get("/other", page)
    app.router.add_get("/echo", echo)
    app.router.add_get("/count", count)
    app.router.add_get("/ending", ending)
    app.router.add_get("/raw/{how}", raw)
    app.router.add_get("/pour", pour)
    app.router.add_get("/whole", whole)
    app.router.add_get("/slow", slow)
    app.router.add_get("/refuse/{status}", refuse)
    app.router.add_get("/hang", hang)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    seen.port = runner.addresses[0][1]
    try:
        yield seen
    finally:
        await runner.cleanup()
