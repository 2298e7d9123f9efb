"""One port for a page and for the server of the cases, which has no pages.

What is not the page is passed on as it comes, byte by byte: whoever breaks off, and when, is part
of the cases.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

PAGE = b"<!doctype html><title>Autobahn</title><p>A page of cases"
RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
)
READ_BYTES = 2**16


@contextlib.asynccontextmanager
async def front(port: int) -> AsyncIterator[int]:
    """Serve before the server of the cases at `port`; gives the port of both."""

    serving: set[asyncio.Task[None] | None] = set()  # nothing else holds them

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            line = await reader.readuntil(b"\r\n")
            if line.startswith(b"GET /runCase"):
                await _pass_on(line, reader, writer, port)
            else:
                writer.write(RESPONSE % len(PAGE) + PAGE)
                await writer.drain()
        writer.close()
        serving.discard(asyncio.current_task())

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _pass_on(
    line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
) -> None:
    cases_reader, cases_writer = await asyncio.open_connection("127.0.0.1", port)
    cases_writer.write(line)
    async with asyncio.TaskGroup() as group:
        group.create_task(_copy(reader, cases_writer))
        group.create_task(_copy(cases_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until its end, which is passed on too; a connection that broke breaks the other."""
    try:
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()
