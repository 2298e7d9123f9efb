"""The socket between an agent and one of its workers, as messages; the same at both ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from typing import Generic, TypeVar

from p2claw.agent.workers.messages import Decoder, Message, encode
from p2claw.errors import LinkError
from p2claw.grace import within
from p2claw.units import KIB, MIB

READ_BYTES = 256 * KIB

# So much waits only if the other end does not read: an offer has some 2 KB.
WAITING_BYTES = 32 * MIB
CLOSE_S = 1.0

T = TypeVar("T")


class LineClosedError(LinkError):
    """The other end is gone."""

    code = "worker-lost"


class Line(Generic[T]):
    """One end of the line. T: the messages that are received at this end."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decoder: Decoder[T]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = decoder
        self._received: deque[T] = deque()

    @classmethod
    async def over(cls, end: socket.socket, decoder: Decoder[T]) -> Line[T]:
        """A line over one end of a socket pair, which it owns from now on."""
        end.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=end)
        return cls(reader, writer, decoder)

    def send(self, message: Message) -> None:
        """Queue a message.

        Dropped if the other end is gone; the line is cut if that does not read.
        """
        if self._writer.is_closing():
            return
        self._writer.write(encode(message))
        if self._writer.transport.get_write_buffer_size() > WAITING_BYTES:
            self.cut()

    async def receive(self) -> T:
        """The next message. Raises LineClosedError, RemoteProtocolError."""
        while not self._received:
            try:
                data = await self._reader.read(READ_BYTES)
            except OSError as error:
                raise LineClosedError(f"The line is broken: {error}") from None
            if not data:
                raise LineClosedError("The other end is gone")
            self._received.extend(self._decoder.feed(data))
        return self._received.popleft()

    async def close(self) -> None:
        """Send what waits, but for one second at most, then close."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await within(CLOSE_S, self._writer.wait_closed())
        self.cut()

    def cut(self) -> None:
        """Close now."""
        self._writer.transport.abort()
