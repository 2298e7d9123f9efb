"""Writes frames.json: messages and their frames, and the payloads of fixed layout."""

from __future__ import annotations

import struct
from typing import Any

from tests.vectors.by_hand import (
    ACK,
    DATA,
    END,
    GOAWAY,
    HELLO,
    MORE,
    PING,
    REQUEST,
    RESET,
    RESPONSE,
    TRAILERS,
    WINDOW,
    frame,
    notation,
    packed,
)

_EIGHT = bytes(range(8))


def frames_json() -> dict[str, Any]:
    return {
        "valid": [_valid(name, frames) for name, frames in _VALID],
        "invalid": [
            {"name": name, "message": notation(message), "code": "protocol"}
            for name, message in _INVALID
        ],
        "payloads": {"reset": _resets(), "window": _windows(), "goaway": _goaways()},
    }


_Frame = tuple[int, int, int, bytes]
_VALID: list[tuple[str, list[_Frame]]] = [
    ("the smallest message: one frame without a payload", [(DATA, END, 1, b"")]),
    ("the largest: one frame that fills it", [(DATA, 0, 1, b"a" * 16_376)]),
    ("a hello", [(HELLO, 0, 0, packed({"v": 1, "role": "box"}))]),
    ("a request without a body", [(REQUEST, END, 1, packed({"m": "GET", "p": "/", "h": []}))]),
    ("a part of a request", [(REQUEST, MORE, 1, b"\x83")]),
    ("a part of a head may be empty", [(RESPONSE, MORE, 1, b"")]),
    ("the last part of trailers", [(TRAILERS, 0, 7, b"\x90")]),
    ("a reset without a reason", [(RESET, 0, 3, b"\0\x05")]),
    ("a reset with the longest reason", [(RESET, 0, 3, b"\0\x05" + b"r" * 256)]),
    ("the largest credit", [(WINDOW, 0, 5, b"\x7f\xff\xff\xff")]),
    ("a ping", [(PING, 0, 0, _EIGHT)]),
    ("its acknowledgement", [(PING, ACK, 0, _EIGHT)]),
    ("a goaway without a reason", [(GOAWAY, 0, 0, b"\0\0\0\x07\0\x0c")]),
    ("a goaway with the longest reason", [(GOAWAY, 0, 0, b"\0\0\0\0\0\x01" + b"r" * 256)]),
    ("the largest stream id", [(DATA, 0, 0xFFFF_FFFF, b"x")]),
    ("flags that mean nothing are kept and ignored", [(DATA, 0xFE, 1, b"x")]),
    ("an extension's frame on no stream", [(0x40, 0, 0, b"new")]),
    ("an extension's frame on a stream", [(0xFF, 0xFF, 9, b"")]),
    (
        "many frames in one message",
        [
            (PING, ACK, 0, _EIGHT),
            (WINDOW, 0, 1, b"\0\0\x40\0"),
            (RESPONSE, 0, 3, packed({"s": 200, "h": []})),
            (DATA, 0, 3, b"hello"),
            (DATA, END, 3, b""),
            (0x7F, 1, 2, b"\xff\xfe"),
            (RESET, 0, 5, b"\0\0done"),
        ],
    ),
    ("as many frames as a message holds", [(DATA, 0, 1, b"")] * 2_048),
]

_INVALID: list[tuple[str, bytes]] = [
    ("an empty message", b""),
    ("a header cut off", frame(DATA, 0, 1)[:7]),
    ("a payload cut off", frame(DATA, 0, 1, b"abc")[:-1]),
    ("a length beyond the message", b"\xff\xff\x03\0\0\0\0\x01abc"),
    ("a header cut off after a whole frame", frame(DATA, 0, 1, b"abc") + b"\0\0\x03"),
    ("one byte after a whole frame", frame(DATA, 0, 1, b"abc") + b"\0"),
    (
        "a payload cut off after a whole frame",
        frame(PING, 0, 0, _EIGHT) * 2 + b"\0\x01\x03\0\0\0\0\x01",
    ),
    ("a message of 16,385 bytes", frame(DATA, 0, 1, b"a" * 16_377)),
    ("a message of 16,392 bytes in whole frames", frame(DATA, 0, 1) * 2_049),
    ("the first type that does not exist", frame(0x09, 0, 1, b"x")),
    ("the last type that does not exist", frame(0x3F, 0, 0, b"x")),
    ("an unknown type after a good frame", frame(DATA, 0, 1, b"x") + frame(0x20, 0, 1)),
    ("HELLO on a stream", frame(HELLO, 0, 1, b"\x80")),
    ("PING on a stream", frame(PING, 0, 1, _EIGHT)),
    ("GOAWAY on a stream", frame(GOAWAY, 0, 1, b"\0" * 6)),
    ("REQUEST on no stream", frame(REQUEST, END, 0, b"\x80")),
    ("RESPONSE on no stream", frame(RESPONSE, END, 0, b"\x80")),
    ("DATA on no stream", frame(DATA, 0, 0, b"x")),
    ("TRAILERS on no stream", frame(TRAILERS, 0, 0, b"\x90")),
    ("RESET on no stream", frame(RESET, 0, 0, b"\0\0")),
    ("WINDOW on no stream", frame(WINDOW, 0, 0, b"\0\0\0\x01")),
    ("RESET of one byte", frame(RESET, 0, 1, b"\0")),
    ("RESET with a reason of 257 bytes", frame(RESET, 0, 1, b"\0\0" + b"r" * 257)),
    ("WINDOW of three bytes", frame(WINDOW, 0, 1, b"\0\0\x01")),
    ("WINDOW of five bytes", frame(WINDOW, 0, 1, b"\0\0\0\0\x01")),
    ("PING of seven bytes", frame(PING, 0, 0, _EIGHT[:7])),
    ("PING of nine bytes", frame(PING, ACK, 0, _EIGHT + b"\0")),
    ("GOAWAY of five bytes", frame(GOAWAY, 0, 0, b"\0" * 5)),
    ("GOAWAY with a reason of 257 bytes", frame(GOAWAY, 0, 0, b"\0" * 6 + b"r" * 257)),
]


def _valid(name: str, frames: list[_Frame]) -> dict[str, Any]:
    message = b"".join(frame(*one) for one in frames)
    if len(set(frames)) == 1 and len(frames) > 1:
        return {
            "name": name,
            "message": [[frame(*frames[0]).hex(), len(frames)]],
            "frame": _frame(frames[0]),
            "times": len(frames),
        }
    return {"name": name, "message": notation(message), "frames": [_frame(one) for one in frames]}


def _frame(one: _Frame) -> dict[str, Any]:
    type, flags, stream, payload = one
    return {"type": type, "flags": flags, "stream": stream, "payload": notation(payload)}


def _resets() -> dict[str, Any]:
    def read(name: str, payload: bytes, code: str, reason: str) -> dict[str, Any]:
        return {"name": name, "payload": notation(payload), "code": code, "reason": reason}

    return {
        "read": [
            read("the first code", b"\0\0", "NO_ERROR", ""),
            read("the last code", b"\0\x0c", "SHUTDOWN", ""),
            read("the first unknown code reads as INTERNAL", b"\0\x0d", "INTERNAL", ""),
            read("the last unknown code", b"\xff\xff", "INTERNAL", ""),
            read("a reason in UTF-8", "\0\x05für später".encode(), "CANCEL", "für später"),
            read("a reason that is not UTF-8", b"\0\x02a\xffb", "INTERNAL", "a�b"),
            read("control characters are not shown", b"\0\x02a\x1b[2Jb\n", "INTERNAL", "a�[2Jb�"),
        ],
        "written": [
            read("a plain one", b"\0\x06gone", "UPSTREAM", "gone"),
            read("a reason is cut at 256 bytes", b"\0\x02" + b"r" * 256, "INTERNAL", "r" * 300),
            read(
                "and between characters",
                b"\0\x02x" + "é".encode() * 127,
                "INTERNAL",
                "x" + "é" * 200,
            ),
        ],
    }


def _windows() -> dict[str, Any]:
    return {
        "read": [
            {"name": "the least", "payload": "00000001", "credit": 1},
            {"name": "the most", "payload": "7fffffff", "credit": 2**31 - 1},
        ],
        "invalid": [
            {"name": "nothing", "payload": "00000000", "code": "protocol"},
            {"name": "2³¹", "payload": "80000000", "code": "protocol"},
            {"name": "2³²−1", "payload": "ffffffff", "code": "protocol"},
        ],
    }


def _goaways() -> dict[str, Any]:
    def read(name: str, last_stream: int, number: int, code: str, reason: str) -> dict[str, Any]:
        payload = struct.pack("!IH", last_stream, number) + reason.encode()
        return {
            "name": name,
            "payload": notation(payload),
            "last_stream": last_stream,
            "code": code,
            "reason": reason,
        }

    return {
        "read": [
            read("going down", 7, 12, "SHUTDOWN", "restarting"),
            read("the largest stream id", 2**32 - 1, 0, "NO_ERROR", ""),
            read("an unknown code", 0, 999, "INTERNAL", "new"),
        ]
    }
