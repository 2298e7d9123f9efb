"""Frames and msgpack put together by hand: the vectors owe nothing to the code they test."""

from __future__ import annotations

import re
import struct

HELLO, REQUEST, RESPONSE, DATA, TRAILERS, RESET, WINDOW, PING, GOAWAY = range(9)
END = ACK = 0x01
MORE = 0x02

# A run of one byte longer than this is written [hex, times].
_RUN = re.compile(rb"(.)\1{63,}", re.DOTALL)


def frame(type: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack("!HBBI", len(payload), type, flags, stream) + payload


def reset(stream: int, code: int, reason: str = "") -> bytes:
    return frame(RESET, 0, stream, struct.pack("!H", code) + reason.encode())


def window(stream: int, credit: int) -> bytes:
    return frame(WINDOW, 0, stream, struct.pack("!I", credit))


def goaway(last_stream: int, code: int, reason: str = "") -> bytes:
    return frame(GOAWAY, 0, 0, struct.pack("!IH", last_stream, code) + reason.encode())


def packed(value: object) -> bytes:
    """The shortest msgpack of a value, after the format's specification."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _integer(value)
        case float():
            return b"\xcb" + struct.pack("!d", value)
        case str():
            text = value.encode()
            return _sized(len(text), (0xA0, 32), 0xD9, 0xDA, 0xDB) + text
        case bytes():
            return _sized(len(value), None, 0xC4, 0xC5, 0xC6) + value
        case list() | tuple():
            head = _sized(len(value), (0x90, 16), None, 0xDC, 0xDD)
            return head + b"".join(packed(item) for item in value)
        case dict():
            head = _sized(len(value), (0x80, 16), None, 0xDE, 0xDF)
            return head + b"".join(packed(key) + packed(item) for key, item in value.items())
    raise TypeError(type(value))


def notation(data: bytes) -> str | list[list[str | int]]:
    """How bytes are written in the vectors: hex, or [[hex, times], …] where a byte runs long."""
    parts: list[list[str | int]] = []
    at = 0
    for run in _RUN.finditer(data):
        if run.start() > at:
            parts.append([data[at : run.start()].hex(), 1])
        parts.append([run[1].hex(), len(run[0])])
        at = run.end()
    if not parts:
        return data.hex()
    if at < len(data):
        parts.append([data[at:].hex(), 1])
    return parts


def denoted(written: str | list[list[str | int]]) -> bytes:
    """The bytes of that notation."""
    if isinstance(written, str):
        return bytes.fromhex(written)
    return b"".join(bytes.fromhex(str(hex)) * int(times) for hex, times in written)


def _integer(value: int) -> bytes:
    if -32 <= value <= 127:
        return struct.pack("!b", value)
    for least, most, tag, layout in (
        (0, 0xFF, 0xCC, "!B"),
        (0, 0xFFFF, 0xCD, "!H"),
        (0, 0xFFFF_FFFF, 0xCE, "!I"),
        (0, 2**64 - 1, 0xCF, "!Q"),
        (-(2**7), -1, 0xD0, "!b"),
        (-(2**15), -1, 0xD1, "!h"),
        (-(2**31), -1, 0xD2, "!i"),
        (-(2**63), -1, 0xD3, "!q"),
    ):
        if least <= value <= most:
            return bytes([tag]) + struct.pack(layout, value)
    raise OverflowError(value)


def _sized(
    size: int, fix: tuple[int, int] | None, tag8: int | None, tag16: int, tag32: int
) -> bytes:
    if fix is not None and size < fix[1]:
        return bytes([fix[0] | size])
    if tag8 is not None and size <= 0xFF:
        return bytes([tag8, size])
    if size <= 0xFFFF:
        return bytes([tag16]) + struct.pack("!H", size)
    return bytes([tag32]) + struct.pack("!I", size)
