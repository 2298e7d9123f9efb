"""Frames: their bytes, how a message is split into them, and how a long payload becomes several.

Order and credit are left to `scheduler.py`. Source: docs/WIRE.md §2.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from p2claw.errors import LocalProtocolError, RemoteProtocolError

# Payload length u16, type u8, flags u8, stream id u32.
HEADER: Final = Struct("!HBBI")
HEADER_BYTES: Final = 8
MESSAGE_BYTES: Final = 16_384
PAYLOAD_BYTES: Final = MESSAGE_BYTES - HEADER_BYTES  # 16,376

DATA: Final = 0x03
TRAILERS: Final = 0x04
EXTENSIONS_FROM: Final = 0x40
FLAG_END: Final = 0x01
FLAG_MORE: Final = 0x02

# What a frame of each type must look like: whether it belongs to a stream, and the least and most
# bytes of its payload. RESET is a code u16 and up to 256 bytes of reason (2 + 256); GOAWAY a stream
# id u32 before that (4 + 2 + 256).
_SHAPES: Final = {
    0x00: (False, 0, PAYLOAD_BYTES),
    0x01: (True, 0, PAYLOAD_BYTES),
    0x02: (True, 0, PAYLOAD_BYTES),
    0x03: (True, 0, PAYLOAD_BYTES),
    0x04: (True, 0, PAYLOAD_BYTES),
    0x05: (True, 2, 258),
    0x06: (True, 4, 4),
    0x07: (False, 8, 8),
    0x08: (False, 6, 262),
}


def decode_message(message: bytes) -> list[tuple[int, int, int, bytes]]:
    """Split one message into its frames: (type, flags, stream, payload).

    Lengths, types and the presence of a stream id are checked; payloads of variable size are not
    looked into. Raises RemoteProtocolError. Source: docs/WIRE.md §2.
    """
    total = len(message)
    if not HEADER_BYTES <= total <= MESSAGE_BYTES:
        raise RemoteProtocolError(f"a message of {total} bytes")
    frames = []
    at = 0
    while at < total:
        if total - at < HEADER_BYTES:
            raise RemoteProtocolError(f"a truncated header at byte {at}")
        length, kind, flags, stream = HEADER.unpack_from(message, at)
        end = at + HEADER_BYTES + length
        if end > total:
            raise RemoteProtocolError(f"a truncated frame at byte {at}")
        if kind < EXTENSIONS_FROM:
            _check_shape(kind, stream, length)
        frames.append((kind, flags, stream, message[at + HEADER_BYTES : end]))
        at = end
    return frames


def encode_frame(type: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame: its header and its payload of at most 16,376 bytes.

    Raises LocalProtocolError `frame-invalid`. Source: docs/WIRE.md §2.
    """
    if (
        len(payload) > PAYLOAD_BYTES
        or not 0 <= type <= 0xFF
        or not 0 <= flags <= 0xFF
        or not 0 <= stream <= 0xFFFF_FFFF
    ):
        raise LocalProtocolError(
            f"a frame of type {type}, stream {stream}, {len(payload)} bytes does not exist",
            code="frame-invalid",
        )
    return HEADER.pack(len(payload), type, flags, stream) + payload


def in_parts(type: int, stream: int, payload: bytes, last_flags: int) -> list[bytes]:
    """A head or trailers as frames: one, or as many as it takes, each but the last with MORE.

    last_flags: the flags of the last frame.
    """
    if len(payload) <= PAYLOAD_BYTES:
        return [encode_frame(type, last_flags, stream, payload)]
    starts = range(0, len(payload), PAYLOAD_BYTES)
    return [
        encode_frame(
            type,
            FLAG_MORE if start + PAYLOAD_BYTES < len(payload) else last_flags,
            stream,
            payload[start : start + PAYLOAD_BYTES],
        )
        for start in starts
    ]


def _check_shape(kind: int, stream: int, length: int) -> None:
    shape = _SHAPES.get(kind)
    if shape is None:
        raise RemoteProtocolError(f"a frame of unknown type {kind}")
    wants_stream, least, most = shape
    if wants_stream != (stream != 0):
        raise RemoteProtocolError(f"a frame of type {kind} on stream {stream}")
    if not least <= length <= most:
        raise RemoteProtocolError(f"a frame of type {kind} with {length} bytes")
