"""HTTP servers behind an app whose every byte is the test's, for what no ordinary server does.

For the ordinary there is `nginx.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\n"

DEADLINE_S = 20.0

# Of a request that is read at once.
HEAD_BYTES = 1_048_576


@dataclass
class UpstreamRequest:
    """A request as it arrived."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for other, value in self.fields if other == name]


@dataclass
class Upstream:
    """connections: how many were ever made. ended: how many of them the other side has closed."""

    port: int = 0
    connections: int = 0
    requests: list[UpstreamRequest] = field(default_factory=list)
    ended: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def has_ended(self) -> None:
        """Wait until one more connection has been closed by the other side."""
        await asyncio.wait_for(self.ended.acquire(), DEADLINE_S)


class Talk:
    """One connection, as its handler sees it."""

    def __init__(
        self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._upstream = upstream

    async def request(self) -> UpstreamRequest | None:
        """The next request, with its body; None at the end of the connection."""
        head = await self.head()
        if head is None:
            return None
        lengths, chunked = head.values("content-length"), head.values("transfer-encoding")
        if chunked:
            head.body = await self._chunks()
        elif lengths:
            head.body = await self.reader.readexactly(int(lengths[0]))
        return head

    async def head(self) -> UpstreamRequest | None:
        """The next request without its body; None at the end of the connection."""
        try:
            raw = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        request = UpstreamRequest(method, target, fields, b"")
        self._upstream.requests.append(request)
        return request

    async def send(self, data: bytes) -> None:
        try:
            self.writer.write(data)
        except RuntimeError as error:
            # uvloop's word for a connection that broke and has not been reported as lost yet.
            if not self.writer.is_closing():
                raise
            raise ConnectionResetError from error
        await self.writer.drain()

    async def respond(self, body: bytes = b"", *, fields: bytes = b"") -> None:
        """An ordinary response with a Content-Length."""
        length = b"Content-Length: %d\r\n" % len(body)
        await self.send(OK + fields + length + b"\r\n" + body)

    async def until_closed(self) -> None:
        """Read until the other side closes."""
        while await self.reader.read(65_536):
            pass

    async def _chunks(self) -> bytes:
        body = b""
        while size := int((await self.reader.readline()).strip(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readline()
        return body


Handler = Callable[[Talk], Awaitable[None]]


async def echo(talk: Talk) -> None:
    """Responds to every request with its own body."""
    while request := await talk.request():
        await talk.respond(request.body)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until condition holds."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def upstream_of(handler: Handler, *, path: Path | None = None) -> AsyncIterator[Upstream]:
    """A server on a free port of 127.0.0.1, or on the unix socket at path.

    The connection is closed where handler returns. An exception of it fails the test.
    """
    upstream = Upstream()
    faults: list[Exception] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        upstream.connections += 1
        try:
            await handler(Talk(upstream, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            upstream.ended.release()
        except Exception as error:
            faults.append(error)
        except asyncio.CancelledError:
            pass  # the test is over
        else:
            if reader.at_eof():
                upstream.ended.release()
        finally:
            writer.close()
            tasks.discard(task)

    if path is None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=HEAD_BYTES)
        upstream.port = server.sockets[0].getsockname()[1]
    else:
        server = await asyncio.start_unix_server(serve, path, limit=HEAD_BYTES)
    try:
        yield upstream
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(list(tasks), timeout=DEADLINE_S)
    if faults:
        raise faults[0]
