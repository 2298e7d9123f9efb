"""Writes records.json: the records of a WebSocket's stream, and what they mean."""

from __future__ import annotations

import struct
from typing import Any

from tests.vectors.by_hand import notation

_TEXT, _BINARY, _CLOSE, _FINAL = 0x01, 0x02, 0x08, 0x80


def records_json() -> dict[str, Any]:
    return {
        "valid": [
            {"name": name, "bytes": notation(data), "means": means, "written": written}
            for name, data, means, written in _VALID
        ],
        "invalid": [{"name": name, "bytes": notation(data)} for name, data in _INVALID],
    }


def _record(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack("!BH", kind, len(payload)) + payload


def _close(code: int, reason: bytes = b"") -> bytes:
    return _record(_CLOSE | _FINAL, struct.pack("!H", code) + reason)


def _message(kind: str, data: bytes) -> dict[str, Any]:
    return {"kind": kind, "data": notation(data)}


def _closed(code: int | None, reason: str = "") -> dict[str, Any]:
    return {"kind": "close", "code": code, "reason": reason}


_SNOWMAN = "☃".encode()
_LONG = b"a" * 65_535

# name, bytes, the whole messages that they are, and whether an encoder writes them so.
_VALID: list[tuple[str, bytes, list[dict[str, Any]], bool]] = [
    ("a text", _record(_TEXT | _FINAL, b"woof"), [_message("text", b"woof")], True),
    ("bytes", _record(_BINARY | _FINAL, b"\0\xff"), [_message("binary", b"\0\xff")], True),
    ("an empty text", _record(_TEXT | _FINAL), [_message("text", b"")], True),
    ("an empty binary", _record(_BINARY | _FINAL), [_message("binary", b"")], True),
    (
        "a record as long as one may be",
        _record(_BINARY | _FINAL, _LONG),
        [_message("binary", _LONG)],
        True,
    ),
    (
        "a message of two records",
        _record(_BINARY, _LONG) + _record(_BINARY | _FINAL, b"b"),
        [_message("binary", _LONG + b"b")],
        True,
    ),
    (
        "a character cut in two",
        _record(_TEXT, _SNOWMAN[:1]) + _record(_TEXT | _FINAL, _SNOWMAN[1:]),
        [_message("text", _SNOWMAN)],
        False,
    ),
    (
        "a message that ends with an empty record",
        _record(_TEXT, b"woof") + _record(_TEXT | _FINAL),
        [_message("text", b"woof")],
        False,
    ),
    (
        "two messages and the end",
        _record(_TEXT | _FINAL, b"a") + _record(_BINARY | _FINAL, b"b") + _close(1000, b"done"),
        [_message("text", b"a"), _message("binary", b"b"), _closed(1000, "done")],
        True,
    ),
    (
        "an end within a message, which then never comes",
        _record(_TEXT, b"a") + _close(1011),
        [_closed(1011)],
        False,
    ),
    ("an end without a code", _record(_CLOSE | _FINAL), [_closed(None)], True),
    ("an end of the app's own code", _close(4999), [_closed(4999)], True),
    ("a reason of 123 bytes", _close(3000, b"r" * 123), [_closed(3000, "r" * 123)], True),
    ("a reason beyond ASCII", _close(1011, _SNOWMAN), [_closed(1011, "☃")], True),
]

_INVALID: list[tuple[str, bytes]] = [
    ("kind 0", _record(_FINAL)),
    ("an unknown kind", _record(0x09 | _FINAL)),
    ("an unknown flag", _record(0x41 | _FINAL)),
    ("a message of two kinds", _record(_TEXT, b"a") + _record(_BINARY | _FINAL, b"b")),
    ("an end that is cut", _record(_CLOSE, b"\x03\xe8")),
    ("an end of one byte", _record(_CLOSE | _FINAL, b"\x03")),
    ("a reason of 124 bytes", _close(1000, b"r" * 124)),
    ("a reason that is not UTF-8", _close(1000, b"\xff")),
    ("the code 999", _close(999)),
    ("the code 5000", _close(5000)),
    ("the code 1005, which nobody says", _close(1005)),
    ("the code 1006, which nobody says", _close(1006)),
    ("the code 1015, which nobody says", _close(1015)),
    ("more after the end", _close(1000) + _record(_TEXT | _FINAL)),
]
