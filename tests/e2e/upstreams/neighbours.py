"""Two ordinary servers, a frontend and a backend, that know nothing of each other and of p2claw.

What the backend says of other origins stands in the query of what it is asked:

  allow=ORIGIN with=1 methods=… names=… shows=… age=…   the fields of CORS
  preflight=STATUS   of its response to OPTIONS; wrong=1: without any of these fields
  policy=…           Cross-Origin-Resource-Policy
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.e2e.upstreams.font import font

PIECE = bytes(range(256)) * 256
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"></svg>'
SCRIPTS = {
    "/classic.js": "window.ran = (window.ran ?? '') + 'classic ';",
    "/module.js": "import { part } from './part.js'; window.ran = (window.ran ?? '') + part;",
    "/part.js": "export const part = 'module ';",
}
_FIELDS = {
    "allow": "Access-Control-Allow-Origin",
    "methods": "Access-Control-Allow-Methods",
    "names": "Access-Control-Allow-Headers",
    "shows": "Access-Control-Expose-Headers",
    "age": "Access-Control-Max-Age",
    "policy": "Cross-Origin-Resource-Policy",
}


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    fields: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Neighbour:
    """open: targets of responses that are not over."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked_for(self, path: str, method: str = "") -> list[Received]:
        found = [one for one in self.received if one.target.partition("?")[0] == path]
        return [one for one in found if method in ("", one.method)]


@contextlib.asynccontextmanager
async def neighbour() -> AsyncIterator[Neighbour]:
    """Serve on a port of its own until the block ends."""
    served = Neighbour()

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fields = {name.lower(): value for name, value in request.headers.items()}
        served.received.append(Received(request.method, request.raw_path, fields, body))
        served.open.append(request.raw_path)
        try:
            return await _respond(request, body)
        finally:
            served.open.remove(request.raw_path)

    app = web.Application(client_max_size=2**31)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.port = runner.addresses[0][1]
    try:
        yield served
    finally:
        await runner.cleanup()


def _cors(request: web.Request) -> dict[str, str]:
    query = request.query
    fields = {name: query[key] for key, name in _FIELDS.items() if key in query}
    if "with" in query:
        fields["Access-Control-Allow-Credentials"] = "true"
    return fields


async def _respond(request: web.Request, body: bytes) -> web.StreamResponse:
    fields = _cors(request)
    path, query = request.path, request.query
    if request.method == "OPTIONS":
        wrong = "wrong" in query
        return web.Response(
            status=int(query.get("preflight", "204")), headers={} if wrong else fields
        )
    if path == "/":
        html = "<!doctype html><title>Neighbour</title><h1>A neighbour</h1>"
        return web.Response(text=html, content_type="text/html")
    if path == "/go":
        status = int(query.get("status", "302"))
        return web.Response(status=status, headers={"Location": query["to"], **fields})
    if path in SCRIPTS:
        return web.Response(text=SCRIPTS[path], content_type="text/javascript", headers=fields)
    if path.startswith("/open/"):
        # A module asks for those that it imports without a query.
        text = SCRIPTS[path.removeprefix("/open")]
        everyone = {_FIELDS["allow"]: "*"}
        return web.Response(text=text, content_type="text/javascript", headers=everyone)
    if path == "/framed":
        html = "<!doctype html><p>A framed page<script>parent.postMessage('framed', '*')</script>"
        return web.Response(text=html, content_type="text/html")
    if path == "/font.ttf":
        return web.Response(body=font(), content_type="font/ttf", headers=fields)
    if path == "/picture.svg":
        return web.Response(body=PICTURE, content_type="image/svg+xml", headers=fields)
    if path == "/style.css":
        return web.Response(
            text="h1 { color: rgb(1, 2, 3) }", content_type="text/css", headers=fields
        )
    if path == "/events":
        return await _events(request, fields)
    if path == "/socket":
        return await _socket(request)
    if path == "/many":
        return await _many(request, int(query["bytes"]), fields)
    if path == "/hang":
        await asyncio.sleep(60)
    if path == "/login":
        fields["Set-Cookie"] = f"{query['cookie']}; Path=/"
    echo = {
        "method": request.method,
        "cookie": request.headers.get("Cookie", ""),
        "body": body.decode("latin-1")[:200],
        "length": len(body),
        "origin": request.headers.get("Origin", ""),
        "authorization": request.headers.get("Authorization", ""),
    }
    return web.Response(
        status=int(query.get("status", "200")),
        text=json.dumps(echo),
        content_type="application/json",
        headers={**fields, "X-Shown": "shown", "X-Hidden": "hidden", "Cache-Control": "no-store"},
    )


async def _events(request: web.Request, fields: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={**fields, "Cache-Control": "no-cache"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    number = int(request.headers.get("Last-Event-ID", "0"))
    for _ in range(int(request.query.get("count", "1000"))):
        number += 1
        await response.write(f"id: {number}\nretry: 50\ndata: tick {number}\n\n".encode())
        await asyncio.sleep(0.02)
    return response


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("crab",))
    await socket.prepare(request)
    await socket.send_str(
        f"{request.headers.get('Origin', '')} {request.headers.get('Cookie', '')}".strip()
    )
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            if message.data == "end":
                await socket.close(code=4001, message=b"as asked")
                break
            await socket.send_str(f"echo {message.data}")
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


async def _many(request: web.Request, length: int, fields: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers=fields)
    response.content_length = length
    await response.prepare(request)
    for at in range(0, length, len(PIECE)):
        await response.write(PIECE[: length - at])
    return response
