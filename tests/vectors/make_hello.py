"""Writes hello.json: HELLO and what it means, and which version two of them agree on."""

from __future__ import annotations

from typing import Any

from tests.vectors.by_hand import notation, packed

_MOST = 2**31 - 1


def hello_json() -> dict[str, Any]:
    return {
        "valid": [
            {"name": name, "payload": notation(packed(value)), "hello": _meaning(value)}
            for name, value in _VALID
        ],
        "invalid": [
            {"name": name, "payload": notation(payload), "code": "protocol"}
            for name, payload in _INVALID
        ],
        "versions": [
            {"name": name, "ours": ours, "theirs": theirs, "version": version}
            for name, ours, theirs, version in _VERSIONS
        ],
    }


def _visitor(**changes: Any) -> dict[str, Any]:
    value = {"v": 1, "role": "visitor", "app": "dog", **changes}
    return {key: item for key, item in value.items() if item is not ...}


def _box(**changes: Any) -> dict[str, Any]:
    value = {"v": 1, "role": "box", **changes}
    return {key: item for key, item in value.items() if item is not ...}


_VALID: list[tuple[str, dict[str, Any]]] = [
    ("the least of a visitor", _visitor()),
    ("the least of a box", _box()),
    (
        "all of it",
        _visitor(min=1, sw="p2claw/0.1.0", window=1_048_576, streams=16, ext=["ws", "zstd"]),
    ),
    ("a box that allows much", _box(min=1, window=_MOST, streams=_MOST)),
    ("the least window and streams", _box(window=65_536, streams=16)),
    ("a newer peer that speaks the old version too", _box(v=7, min=1, sw="new", colour="blue")),
    ("a box needs no app, and one that it says is not looked at", _box(app="dog")),
    ("software of 64 bytes", _box(sw="é" * 32)),
    ("a session that can be resumed", _box(ext=["resume"], token=b"t" * 64, place=65_535)),
    ("a session to be resumed", _visitor(ext=["resume"], token=b"\0\xff", received=2**53 - 1)),
]

_INVALID: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("not msgpack", b"\xc1"),
    ("a list", packed([1])),
    ("a byte too much", packed(_box()) + b"\0"),
    ("a key that is a number", b"\x83\x01\xc0" + packed(_box())[1:]),
    *(
        (name, packed(value))
        for name, value in (
            ("no version", _box(v=...)),
            ("a version of 0", _box(v=0)),
            ("a version that is text", _box(v="1")),
            ("a version that is true", _box(v=True)),
            ("a lowest above the highest version", _box(min=2)),
            ("a lowest version of 0", _box(min=0)),
            ("no role", _box(role=...)),
            ("an unknown role", _box(role="relay")),
            ("a role that is a number", _box(role=1)),
            ("no app", _visitor(app=...)),
            ("an app that is not a name", _visitor(app="Dog House")),
            ("an empty app", _visitor(app="")),
            ("an app of 33 characters", _visitor(app="a" * 33)),
            ("software of 65 bytes", _box(sw="é" * 32 + "x")),
            ("software that is bytes", _box(sw=b"x")),
            ("a window of 65,535", _box(window=65_535)),
            ("a window of 2³¹", _box(window=2**31)),
            ("a window that is nil", _box(window=None)),
            ("15 streams", _box(streams=15)),
            ("extensions as text", _box(ext="ws")),
            ("an extension that is a number", _box(ext=[1])),
            ("a token of 65 bytes", _box(token=b"t" * 65)),
            ("a token that is text", _box(token="t")),
            ("a count below 0", _visitor(token=b"t", received=-1)),
            ("a count that is text", _visitor(token=b"t", received="1")),
            ("a place of 65,536", _box(place=65_536)),
            ("a place that is nil", _box(place=None)),
        )
    ),
]

# [v, min] of each side; null: none in common.
_VERSIONS: list[tuple[str, list[int], list[int], int | None]] = [
    ("the same", [1, 1], [1, 1], 1),
    ("the smaller of two", [1, 1], [3, 1], 1),
    ("both older", [5, 2], [4, 3], 4),
    ("ours is too old for them", [1, 1], [3, 2], None),
    ("theirs is too old for us", [3, 2], [1, 1], None),
]


def _meaning(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "role": value["role"],
        "app": value.get("app", "") if value["role"] == "visitor" else "",
        "version": value["v"],
        "oldest": value.get("min", value["v"]),
        "software": value.get("sw", ""),
        "window_bytes": value.get("window", 65_536),
        "streams": value.get("streams", 16),
        "extensions": value.get("ext", []),
        "token": value.get("token", b"").hex(),
        "received": value.get("received", 0),
        "place": value.get("place"),
    }
