"""An upstream that sends exactly the bytes that a test gives it, and keeps each request's bytes.

For what a web framework would put right on its own: octets of fields, bodies that are cut.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

PAGE = b"<!doctype html><title>Raw</title><h1>A raw page</h1>"

Write = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. fields: names in lower case, values with one character for each octet."""

    method: str
    target: str
    fields: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(slots=True)
class RawApp:
    """responses: by path, the whole response or who writes one. open: requests not yet over."""

    port: int = 0
    responses: dict[str, bytes | Write] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked_for(self, path: str) -> list[Request]:
        return [request for request in self.seen if request.path == path]


def response(
    body: bytes | str = b"", content_type: str = "text/plain", *fields: str, status: str = "200 OK"
) -> bytes:
    """A whole response. fields: further lines, one character for each octet."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", "Cache-Control: no-store", f"Content-Length: {len(body)}"]
    lines.extend(fields)
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@contextlib.asynccontextmanager
async def raw_app() -> AsyncIterator[RawApp]:
    """Serve on a port of its own until the block ends."""
    app = RawApp()
    app.responses["/"] = response(PAGE, "text/html")
    server = await asyncio.start_server(lambda *ends: _serve(app, *ends), "127.0.0.1", 0)
    app.port = server.sockets[0].getsockname()[1]
    try:
        yield app
    finally:
        server.close()


async def _serve(app: RawApp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while await _exchange(app, reader, writer):
            pass
    writer.close()


async def _exchange(
    app: RawApp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    request = await _read(reader)
    app.seen.append(request)
    app.open.append(request.target)
    try:
        given = app.responses.get(request.path, response(b"", status="404 Not Found"))
        if callable(given):
            await given(request, writer)
            return False
        writer.write(
            given.split(b"\r\n\r\n")[0] + b"\r\n\r\n" if request.method == "HEAD" else given
        )
        await writer.drain()
        return b"content-length" in given.lower()
    finally:
        app.open.remove(request.target)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    pairs = [line.partition(":") for line in head[1:] if line]
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    if fields.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.readexactly(int(fields.get("content-length", "0")))
    return Request(method, target, fields, body)
