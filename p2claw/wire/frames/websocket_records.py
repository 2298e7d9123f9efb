"""Records, which the DATA of a WebSocket's stream carries both ways. Source: docs/WIRE.md §14.

Pure: bytes come in, however they are cut; parts of messages come out as soon as possible.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from p2claw.wire.frames.faults import StreamFault

RECORD_BYTES: Final = 65_535
REASON_BYTES: Final = 123  # RFC 6455 §5.5: 125 bytes with the code

_HEAD = struct.Struct("!BH")
_FINAL: Final = 0x80

# RFC 6455 §7.4.1: these stand for the lack of a code, and no peer sends them.
_NEVER_SENT: Final = frozenset((1005, 1006, 1015))
_CODES: Final = range(1000, 5000)


class Kind(IntEnum):
    """What a record carries; the numbers are RFC 6455's opcodes."""

    TEXT = 1
    BINARY = 2
    CLOSE = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message, perhaps empty. final: it is the last part.

    The bytes of a text are UTF-8 as a whole; a part may end within a character.
    """

    kind: Kind
    data: bytes
    final: bool


@dataclass(frozen=True, slots=True)
class Close:
    """The end of a direction. code: None if the sender gave none."""

    code: int | None
    reason: str = ""


def encode_part(kind: Kind, data: bytes, *, final: bool) -> bytes:
    """A part of a message, in as many records as it takes."""
    records = []
    for start in range(0, max(len(data), 1), RECORD_BYTES):
        piece = data[start : start + RECORD_BYTES]
        last = final and start + RECORD_BYTES >= len(data)
        records.append(_HEAD.pack(kind | (_FINAL if last else 0), len(piece)) + piece)
    return b"".join(records)


def encode_close(code: int | None, reason: str = "") -> bytes:
    """The last record of a side. A reason is cut to what RFC 6455 has room for."""
    payload = b""
    if code is not None:
        cut = reason.encode()[:REASON_BYTES].decode("utf-8", "ignore")
        payload = code.to_bytes(2, "big") + cut.encode()
    return _HEAD.pack(Kind.CLOSE | _FINAL, len(payload)) + payload


class RecordReader:
    """Reads one direction of a stream."""

    __slots__ = ("_closed", "_final", "_head", "_kind", "_left", "_message")

    def __init__(self) -> None:
        self._head = bytearray()  # of a record, while it is not whole; of a CLOSE its payload too
        self._kind = Kind.TEXT
        self._final = False
        self._left = 0  # bytes of the record that are still to come
        self._message: Kind | None = None  # that has begun and not ended
        self._closed = False

    @property
    def closed(self) -> bool:
        """A CLOSE has been read."""
        return self._closed

    def feed(self, data: bytes) -> Iterator[Part | Close]:
        """Add bytes, cut anywhere. Raises StreamFault PROTOCOL at what §14 does not allow."""
        at = 0
        while at < len(data):
            if self._closed:
                raise StreamFault("a record after CLOSE")
            if self._left and self._kind is not Kind.CLOSE:
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                yield self._part(piece)
                continue
            wanted = _HEAD.size - len(self._head) if not self._left else self._left
            piece = data[at : at + wanted]
            at += len(piece)
            self._head += piece
            if len(piece) < wanted:
                self._left -= len(piece) if self._left else 0
            elif self._left:
                yield self._close()
            else:
                self._begin()
                if not self._left:
                    yield self._close() if self._kind is Kind.CLOSE else self._part(b"")

    def _begin(self) -> None:
        number, self._left = _HEAD.unpack_from(self._head)
        self._final = bool(number & _FINAL)
        try:
            self._kind = Kind(number & ~_FINAL)
        except ValueError:
            raise StreamFault(f"a record of the unknown kind {number:#04x}") from None
        if self._kind is Kind.CLOSE:
            if not self._final or self._left == 1 or self._left > REASON_BYTES + 2:
                raise StreamFault("a CLOSE that is cut, or too long")
            return
        if self._message not in (None, self._kind):
            raise StreamFault("a message of two kinds")
        self._message = self._kind
        self._head.clear()

    def _part(self, data: bytes) -> Part:
        final = self._final and not self._left
        if final:
            self._message = None
        return Part(self._kind, data, final)

    def _close(self) -> Close:
        payload = bytes(self._head[_HEAD.size :])
        self._closed = True
        if not payload:
            return Close(None)
        code = int.from_bytes(payload[:2], "big")
        if code not in _CODES or code in _NEVER_SENT:
            raise StreamFault(f"a CLOSE with the code {code}")
        try:
            return Close(code, payload[2:].decode())
        except UnicodeDecodeError:
            raise StreamFault("a CLOSE whose reason is not UTF-8") from None
