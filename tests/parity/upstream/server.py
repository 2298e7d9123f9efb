"""The server: an asyncio socket that knows just enough of HTTP/1.1 to be given what to send.

No library, because libraries refuse to send most of what is tried here. Paths:
  /stage…      the page in which cases run        /pages/NAME  the scripts of that page
  /p/ID…       what the case ID says; `/@NAME` and a query may follow, and a case may have other
               plays for some of these names            /echo       the request as JSON
  …?p=ID/@NAME the same at any path, for what depends on paths
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from tests.parity.upstream.plays import Echo, End, Pause, Play, head, html, reply
from tests.parity.upstream.requests import HEAD_MAX_BYTES, Request, read_request
from tests.parity.upstream.sockets import SocketPlay, serve_socket

HOP = ("referer", "origin", "cookie", "cache-control", "sec-fetch-site", "sec-fetch-mode")
PAGES = Path(__file__).parents[1] / "pages"
STAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>stage</title>'
    '<link rel="icon" href="data:,"></head>'
    '<body><script src="/pages/all.js"></script></body></html>'
)


@dataclass(slots=True)
class Upstream:
    """port: where it listens. plays: by case, one for each request in turn; the last one repeats.

    seen: by case, every request. other: the origin of the other server, for cases across origins.
    """

    port: int = 0
    other: str = ""
    plays: dict[str, tuple[Play | SocketPlay, ...]] = field(default_factory=dict)
    seen: dict[str, list[Request]] = field(default_factory=lambda: defaultdict(list))
    stray: list[Request] = field(default_factory=list)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
            while (request := await read_request(reader)) is not None:
                if not await self._respond(request, reader, writer):
                    break
        self._writers.discard(writer)
        writer.close()

    def hang_up(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _respond(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Returns whether the connection goes on."""
        play = self._play(request)
        if isinstance(play, SocketPlay):
            await serve_socket(play, request, reader, writer)
            return False
        for step in play:
            match step:
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case End.CLOSE:
                    return False
                case End.RESET:
                    _reset(writer)
                    return False
                case End.HANG:
                    await reader.read()
                    return False
                case Echo():
                    writer.write(_echo(step, request))
                case _:
                    writer.write(self._filled(step, request))
            await writer.drain()
        return "close" not in (request.value("connection") or "").lower()

    def _play(self, request: Request) -> Play | SocketPlay:
        path = unquote(request.path)
        if path.startswith("/stage") and "?p=" not in request.target:
            return html(STAGE)
        if path == "/pages/all.js":
            text = "\n".join(file.read_text() for file in sorted(PAGES.glob("*.js")))
            return reply(body=text.replace("{{OTHER}}", self.other), kind="text/javascript")
        if path.startswith("/pages/"):
            return reply(body=(PAGES / Path(path).name).read_bytes(), kind="text/html")
        if path == "/echo":
            return (Echo.HEAD,)
        key = self._key(path, request.target)
        plays = self.plays.get(key)
        if plays is None:
            self.stray.append(request)
            return reply(404, body="nothing of the kind")
        seen = self.seen[key]
        seen.append(request)
        play = plays[min(len(seen), len(plays)) - 1]
        # The body is not sent to HEAD, whatever a case says.
        return tuple(_without_body(play)) if request.method == "HEAD" else play

    def _key(self, path: str, target: str) -> str:
        """Which case is asked for, and by which of its names."""
        _, asked, key = target.partition("?p=")
        if asked:
            return unquote(key.partition("&")[0])
        if not path.startswith("/p/"):
            return ""
        case, _, rest = path.removeprefix("/p/").partition("/@")
        named = f"{case}/@{rest.partition('/')[0]}"
        return named if named in self.plays else case

    def _filled(self, data: bytes, request: Request) -> bytes:
        host = (request.value("host") or "").encode("latin-1")
        return data.replace(b"{{HOST}}", host).replace(b"{{OTHER}}", self.other.encode())


def _without_body(play: Play | SocketPlay) -> Play:
    if isinstance(play, SocketPlay):
        return ()
    first = play[0] if play else b""
    if not isinstance(first, bytes):
        return play
    return (first.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", *(s for s in play if isinstance(s, End)))


def _echo(step: Echo, request: Request) -> bytes:
    facts = {"method": request.method, "target": request.target, "fields": request.fields}
    text = {
        Echo.HEAD: lambda: json.dumps(facts).encode(),
        Echo.HOP: lambda: "; ".join(f"{name}: {_plain(request, name)}" for name in HOP).encode(),
        Echo.BODY: lambda: request.body,
        Echo.COOKIES: lambda: (request.value("cookie") or "").encode("latin-1"),
    }[step]()
    fields = [("Content-Type", "text/plain; charset=x-user-defined"), ("Cache-Control", "no-store")]
    return head(200, [*fields, ("Content-Length", str(len(text)))]) + text


def _plain(request: Request, name: str) -> str:
    """A value without the app's own name, which differs from side to side."""
    return (request.value(name) or "-").replace(request.value("host") or "-", "APP")


def _reset(writer: asyncio.StreamWriter) -> None:
    plain: socket.socket = writer.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.asynccontextmanager
async def upstream(plays: dict[str, tuple[Play | SocketPlay, ...]]) -> AsyncIterator[Upstream]:
    """Two servers with the same plays; the one given is the app, its `other` another origin."""
    app, other = Upstream(plays=plays), Upstream(plays=plays)
    servers = []
    for each in (app, other):
        server = await asyncio.start_server(each.serve, "127.0.0.1", 0, limit=HEAD_MAX_BYTES)
        each.port = server.sockets[0].getsockname()[1]
        servers.append(server)
    app.other = other.other = f"http://other.localhost:{other.port}"
    other.seen = app.seen
    try:
        yield app
    finally:
        for server in servers:
            server.close()
        app.hang_up()
        other.hang_up()
