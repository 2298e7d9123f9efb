"""Writes repeating.json: a visitor that repeats its messages by itself, docs/WIRE.md §18."""

from __future__ import annotations

import struct
from typing import Any

from tests.vectors.by_hand import DATA, frame, notation

_AGAIN, _REPEAT = 0x42, 0x43
_FULL = frame(DATA, 0, 1, b"a" * 16_376)
_OTHER = frame(DATA, 0, 1, b"b" * 16_376)
_HALF = frame(DATA, 0, 3, b"h" * 8_184)
_SMALL = frame(DATA, 0, 3, b"small")


def repeating_json() -> list[dict[str, Any]]:
    return [{"name": name, "admits": admits, "steps": steps} for name, admits, steps in _CASES]


def _send(message: bytes, *, news: tuple[int, int] | None = None) -> dict[str, Any]:
    """A message of the session; news: what the one before it says, its number and the lowest."""
    before = [] if news is None else [frame(_REPEAT, 0, 0, struct.pack("!HH", *news))]
    return _step("send", message, [*before, message])


def _read(message: bytes, *out: bytes, ours: bool = True) -> dict[str, Any]:
    """A message of the box comes. ours: it is not for the session."""
    return _step("read", message, list(out), ours=ours)


def _step(do: str, message: bytes, out: list[bytes], **more: Any) -> dict[str, Any]:
    return {"do": do, "message": notation(message), "out": [notation(part) for part in out], **more}


def _again(*items: tuple[int, int, int]) -> bytes:
    """Of each: its number, and how many bytes the box has of its beginning and of its end."""
    return frame(_AGAIN, 0, 0, b"".join(struct.pack("!HII", *item) for item in items))


def _part(number: int, start: int, whole: bytes, end: int) -> bytes:
    head = struct.pack("!HII", number, start, len(whole))
    return frame(_REPEAT, 0, 0, head + whole[start:end])


_BEGUN = [_send(_SMALL), _send(_OTHER, news=(1, 0))]  # 2: the second message
_REPEATED = _part(2, 1_128, _OTHER, 2_256)
_WHOLE = _part(2, 0, _OTHER, len(_OTHER))

_CASES: list[tuple[str, bool, list[dict[str, Any]]]] = [
    (
        "a full message begins a body, and the news go before it, once",
        True,
        [_send(_SMALL), _send(_FULL, news=(1, 0)), _send(_OTHER), _send(_SMALL), _send(_FULL)],
    ),
    (
        "shorter ones are none",
        True,
        [{**_step("send", _HALF, [_HALF]), "times": 3}],
    ),
    (
        "a box that does not admit it is told nothing, and its message is the session's",
        False,
        [_send(_FULL), _send(_OTHER), _send(_FULL), _read(_again((0, 0, 0)), ours=False)],
    ),
    (
        "before the news nothing is about repeating",
        True,
        [_send(_HALF), _read(_again((0, 0, 0)), ours=False)],
    ),
    (
        "what lies between the two ends is repeated",
        True,
        [*_BEGUN, _read(_again((2, 1_128, len(_OTHER) - 2_256)), _REPEATED)],
    ),
    (
        "a whole message, and several at once",
        True,
        [
            *_BEGUN,
            _send(_SMALL),
            _read(
                _again((3, 0, 0), (2, 16_000, 0), (0, 0, 0)),
                _part(3, 0, _SMALL, len(_SMALL)),
                _part(2, 16_000, _OTHER, len(_OTHER)),
                _part(0, 0, _SMALL, len(_SMALL)),
            ),
        ],
    ),
    (
        "a repetition that was lost is a message too",
        True,
        [
            *_BEGUN,
            _read(_again((2, 1_128, len(_OTHER) - 2_256)), _REPEATED),
            _read(_again((3, 0, 0)), _part(3, 0, _REPEATED, len(_REPEATED))),
        ],
    ),
    (
        "what is not kept, or has no such part, is not repeated",
        True,
        [*_BEGUN, _read(_again((3, 0, 0), (65_535, 0, 0), (2, 16_000, 16_000)))],
    ),
    (
        "all else is the session's",
        True,
        [*_BEGUN, _read(_SMALL, ours=False)],
    ),
    (
        "before a body 128 KiB are kept",
        True,
        [{**_step("send", _HALF, [_HALF]), "times": 20}, _send(_FULL, news=(20, 4))],
    ),
    (
        "4 MiB and 64 KiB are kept",
        True,
        [
            *_BEGUN,
            {**_send(_FULL), "times": 262},
            _read(_again((4, 0, 16_380), (5, 0, 16_380)), _part(5, 0, _FULL, 4)),
        ],
    ),
    (
        "repetitions take no place of messages",
        True,
        [
            *_BEGUN,
            {**_send(_FULL), "times": 256},
            {**_read(_again((3, 0, 0)), _part(3, 0, _FULL, len(_FULL))), "times": 200},
            _read(_again((2, 16_380, 0)), _part(2, 16_380, _OTHER, len(_OTHER))),
        ],
    ),
    (
        "but no more than as many bytes of them are kept",
        True,
        [
            *_BEGUN,
            {**_read(_again((2, 0, 0)), _part(2, 0, _OTHER, len(_OTHER))), "times": 259},
            _read(_again((2, 16_380, 0)), _part(2, 16_380, _OTHER, len(_OTHER))),
            _read(_again((261, 0, 0)), _part(261, 0, _WHOLE, len(_WHOLE))),
            _read(_again((2, 16_380, 0))),
        ],
    ),
    (
        "numbers go on at 0 after 65,535",
        True,
        [
            {**_step("send", _SMALL, [_SMALL]), "times": 65_534},
            _send(_FULL, news=(65_534, 55_452)),
            _send(_OTHER),
            _send(_HALF),
            _read(
                _again((65_535, 16_380, 0), (0, 16_380, 0), (1, 8_188, 0)),
                _part(65_535, 16_380, _FULL, len(_FULL)),
                _part(0, 16_380, _OTHER, len(_OTHER)),
                _part(1, 8_188, _HALF, len(_HALF)),
            ),
        ],
    ),
    (
        "no more messages are kept than half of all numbers",
        True,
        [
            _send(_FULL, news=(0, 0)),
            {**_send(_SMALL), "times": 65_599},
            _send(_OTHER),
            _read(
                _again((32_833, 0, 0), (32_834, 0, 0), (65, 16_380, 0)),
                _part(32_834, 0, _SMALL, len(_SMALL)),
                _part(65, 16_380, _OTHER, len(_OTHER)),
            ),
        ],
    ),
]
