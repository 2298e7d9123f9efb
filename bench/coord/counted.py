"""A way to a server on which every byte is counted, both directions apart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

_PIECE_BYTES = 65_536


class Counted:
    """port: where it is entered. to_server, from_server: bytes so far. connections: so far."""

    def __init__(self) -> None:
        self.port = 0
        self.to_server = 0
        self.from_server = 0
        self.connections = 0
        self.target = 0

    def counts(self) -> tuple[int, int, int]:
        """To the server, from it, and connections."""
        return self.to_server, self.from_server, self.connections

    async def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, until both directions have ended."""
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._pump(reader, far_writer, forth=True), self._pump(far_reader, writer, forth=False)
        )

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, forth: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(_PIECE_BYTES):
                if forth:
                    self.to_server += len(piece)
                else:
                    self.from_server += len(piece)
                writer.write(piece)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def counted() -> AsyncIterator[Counted]:
    """A way while the block runs; its target is set before it is used."""
    way = Counted()
    server = await asyncio.start_server(way.enter, "127.0.0.1", 0)
    way.port = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
