"""WebSocket servers behind an app whose every byte is the test's: a handshake, then raw frames.

For an ordinary one there is aiohttp.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.upstreams import Talk, Upstream, UpstreamRequest, upstream_of

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
DEADLINE_S = 20.0

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, RSV1 = 0x80, 0x40


def accept_of(key: str) -> str:
    """RFC 6455 §4.2.2."""
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, flags: int = 0) -> bytes:
    """As a server sends it."""
    head = bytes([opcode | flags | (FIN if fin else 0)])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 65_536:
        return head + struct.pack("!BH", 126, len(payload)) + payload
    return head + struct.pack("!BQ", 127, len(payload)) + payload


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


@dataclass(slots=True)
class Frame:
    """As it came, unmasked."""

    opcode: int
    payload: bytes
    fin: bool


@dataclass(slots=True)
class RawSocket:
    """A connection after its handshake."""

    request: UpstreamRequest
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def frame(self) -> Frame:
        """The next one. Raises IncompleteReadError where the other side hung up."""
        first, length = await asyncio.wait_for(self.reader.readexactly(2), DEADLINE_S)
        assert length & 0x80, "a client masks"
        size = length & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
        mask = await self.reader.readexactly(4)
        masked = await self.reader.readexactly(size)
        key = (mask * (size // 4 + 1))[:size]
        mixed = int.from_bytes(masked, "big") ^ int.from_bytes(key, "big")
        return Frame(first & 0x0F, mixed.to_bytes(size, "big"), bool(first & FIN))

    async def message(self) -> bytes:
        """The next message, put together."""
        found = await self.frame()
        data = found.payload
        while not found.fin:
            found = await self.frame()
            assert found.opcode == CONTINUATION
            data += found.payload
        return data

    async def send(self, *frames: bytes) -> None:
        for data in frames:
            self.writer.write(data)
        await self.writer.drain()

    async def hung_up(self) -> bool:
        """Whether nothing but the end comes, in time."""
        return await asyncio.wait_for(self.reader.read(1), DEADLINE_S) == b""


Handler = Callable[[RawSocket], Awaitable[None]]


@dataclass(slots=True)
class Accepting:
    """The response to a handshake. fields: further ones."""

    status: str = "101 Switching Protocols"
    fields: list[str] = field(default_factory=list)
    key: str = ""


@asynccontextmanager
async def socket_upstream(
    handler: Handler, accepting: Accepting | None = None
) -> AsyncIterator[Upstream]:
    """Serve WebSockets on a port of its own; every handshake gets the same response."""
    response = accepting or Accepting()

    async def talk(talk: Talk) -> None:
        request = await talk.head()
        assert request is not None
        key = response.key or request.values("Sec-WebSocket-Key")[0]
        lines = [
            f"HTTP/1.1 {response.status}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept_of(key)}",
            *response.fields,
        ]
        talk.writer.write("\r\n".join([*lines, "", ""]).encode())
        await handler(RawSocket(request, talk.reader, talk.writer))

    async with upstream_of(talk) as running:
        yield running


async def echo(socket: RawSocket) -> None:
    """Sends back each message as it came, pongs to nothing, and replies to a Close."""
    while True:
        try:
            found = await socket.frame()
        except asyncio.IncompleteReadError:
            return
        if found.opcode == CLOSE:
            await socket.send(frame(CLOSE, found.payload))
            return
        if found.opcode != PONG:
            await socket.send(frame(found.opcode, found.payload, fin=found.fin))
