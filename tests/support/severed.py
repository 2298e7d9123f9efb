"""A way to a server that can be cut, as by a network that drops everything: nothing is refused and
nothing closed, and nothing comes through.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

_PIECE_BYTES = 65_536

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Way:
    """Open from the start. port: of loopback, where it is entered."""

    def __init__(self, connect: Connect) -> None:
        self.port = 0
        self._connect = connect
        self._open = asyncio.Event()
        self._open.set()
        self._pumps: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        """What was held meanwhile arrives late, as after a network that drops."""
        self._open.set()

    async def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, until it ends, or `end` is called."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a server runs it"
        self._pumps.add(task)
        try:
            await self._open.wait()
            far_reader, far_writer = await self._connect()
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, far_writer))
                    both.create_task(self._pump(far_reader, writer))
            finally:
                far_writer.close()
        except* OSError:
            pass
        finally:
            self._pumps.discard(task)
            writer.close()

    async def end(self) -> None:
        for task in tuple(self._pumps):
            task.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            await self._open.wait()
            writer.write(piece)
            await writer.drain()
        await self._open.wait()
        raise ConnectionResetError  # the other direction ends with this one


@contextlib.asynccontextmanager
async def way_to(connect: Connect) -> AsyncIterator[Way]:
    """A way while the block runs."""
    way = Way(connect)
    server = await asyncio.start_server(way.enter, "127.0.0.1", 0)
    way.port = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
        await way.end()
