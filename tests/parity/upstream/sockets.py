"""WebSockets of the upstream, frame by frame (RFC 6455 §5), so that also wrong ones can be sent."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import struct
from dataclasses import dataclass
from enum import Enum

from tests.parity.upstream.plays import End, Fields, Pause, head
from tests.parity.upstream.requests import Request

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SHOWN_BYTES = 200
LISTEN_S = 5.0


class Talk(Enum):
    ECHO = "echo"  # send each message back until the other side closes, and reply to that
    LISTEN = "listen"  # note frames until the other side closes, then reply to its close
    DEAF = "deaf"  # note frames and do not reply to a close


@dataclass(frozen=True, slots=True)
class SocketPlay:
    """steps: after the handshake. fields: more of them in the response. protocol: None chooses
    none, "first" the first that is offered. accept: another value than the right one."""

    steps: tuple[bytes | Pause | End | Talk, ...] = (Talk.ECHO,)
    fields: Fields = ()
    protocol: str | None = "first"
    accept: str | None = None
    instead: bytes | None = None


def frame(opcode: int, payload: bytes | str = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    data = payload.encode() if isinstance(payload, str) else payload
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if len(data) < 126:
        return bytes((first, len(data))) + data
    if len(data) < 65536:
        return struct.pack("!BBH", first, 126, len(data)) + data
    return struct.pack("!BBQ", first, 127, len(data)) + data


def text(payload: str | bytes) -> bytes:
    return frame(1, payload)


def close(code: int | None = None, reason: str | bytes = b"") -> bytes:
    why = reason.encode() if isinstance(reason, str) else reason
    return frame(8, b"" if code is None else struct.pack("!H", code) + why)


async def serve_socket(
    play: SocketPlay, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(play.instead if play.instead is not None else _handshake(play, request))
    await writer.drain()
    if play.instead is not None:
        return
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
        for step in play.steps:
            match step:
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case End.HANG:
                    await asyncio.sleep(LISTEN_S)
                case End():
                    return
                case Talk():
                    await _talk(step, request, reader, writer)
                case _:
                    writer.write(step)
                    await writer.drain()


def _handshake(play: SocketPlay, request: Request) -> bytes:
    key = (request.value("sec-websocket-key") or "") + GUID
    right = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    fields = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
    fields.append(("Sec-WebSocket-Accept", play.accept or right))
    offered = request.value("sec-websocket-protocol")
    if play.protocol == "first" and offered:
        fields.append(("Sec-WebSocket-Protocol", offered.split(",")[0].strip()))
    elif play.protocol not in ("first", None):
        fields.append(("Sec-WebSocket-Protocol", play.protocol))
    return head(101, [*fields, *play.fields])


async def _talk(
    talk: Talk, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while True:
        first, payload = await asyncio.wait_for(_read_frame(reader), LISTEN_S)
        opcode = first & 15
        request.frames.append(_shown(opcode, payload))
        if opcode == 8:
            if talk is not Talk.DEAF:
                writer.write(frame(8, payload))
                await writer.drain()
            return
        if talk is Talk.ECHO and opcode < 8:
            writer.write(frame(opcode, payload, fin=bool(first & 0x80)))
            await writer.drain()


async def _read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, second = await reader.readexactly(2)
    length = second & 127
    if length == 126:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", await reader.readexactly(8))
    mask = await reader.readexactly(4) if second & 128 else bytes(4)
    data = await reader.readexactly(length)
    pad = (mask * (len(data) // 4 + 1))[: len(data)]
    return first, (int.from_bytes(data) ^ int.from_bytes(pad)).to_bytes(len(data)) if data else b""


def _shown(opcode: int, payload: bytes) -> str:
    if len(payload) > SHOWN_BYTES:
        return f"{opcode} {len(payload)} bytes {hashlib.sha256(payload).hexdigest()[:12]}"
    return f"{opcode} {payload.decode('latin-1')}"
