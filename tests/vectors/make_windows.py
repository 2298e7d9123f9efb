"""Writes windows.json: receive windows that share a room, and what each read makes of them."""

from __future__ import annotations

from typing import Any

_FIRST, _MOST = 400, 1_600


def windows_json() -> list[dict[str, Any]]:
    return [
        {"name": name, "first": _FIRST, "most": _MOST, "room": room, "steps": steps}
        for name, room, steps in _CASES
    ]


def _read(window: int, n: int, now_ms: int, *, grant: int, size: int) -> dict[str, Any]:
    """n bytes come and are read: so many are granted, and so large is the window then."""
    return {"do": "read", "window": window, "n": n, "now_ms": now_ms, "grant": grant, "size": size}


def _close(window: int) -> dict[str, Any]:
    return {"do": "close", "window": window}


_GROWN = [
    _read(0, 100, 0, grant=100, size=400),
    _read(0, 100, 10, grant=500, size=800),
    _read(0, 200, 100, grant=1_000, size=1_600),
]

_CASES: list[tuple[str, int, list[dict[str, Any]]]] = [
    (
        "a reader that keeps up doubles its window, up to the bound",
        10_000,
        [*_GROWN, _read(0, 400, 200, grant=400, size=1_600)],
    ),
    (
        "what comes first has taken no time",
        10_000,
        [_read(0, 400, 0, grant=400, size=400), _read(0, 100, 600, grant=100, size=400)],
    ),
    (
        "a slow reader keeps its window",
        10_000,
        [_read(0, 100, at_ms, grant=100, size=400) for at_ms in range(0, 12_000, 1_000)],
    ),
    (
        "a long path leaves more time",
        10_000,
        [
            {"do": "round_trip", "ms": 600},
            _read(0, 200, 0, grant=200, size=400),
            _read(0, 50, 1_000, grant=0, size=400),
            _read(0, 50, 2_000, grant=500, size=800),
            _read(0, 200, 5_000, grant=200, size=800),
        ],
    ),
    (
        "no path leaves more than four seconds, none less than half a second",
        10_000,
        [
            {"do": "round_trip", "ms": 9_000},
            _read(0, 100, 0, grant=100, size=400),
            _read(0, 100, 4_100, grant=100, size=400),
            {"do": "round_trip", "ms": 1},
            _read(0, 100, 4_500, grant=500, size=800),
        ],
    ),
    (
        "a window halves after a long time, and what has been granted is kept of the next grants",
        10_000,
        [
            *_GROWN,
            _read(0, 400, 20_000, grant=0, size=1_200),
            _read(0, 300, 32_000, grant=0, size=900),
            _read(0, 225, 44_000, grant=0, size=675),
        ],
    ),
    (
        "it becomes no smaller than it was at first",
        10_000,
        [
            *_GROWN[:2],
            _read(0, 200, 20_000, grant=0, size=600),
            _read(0, 200, 40_000, grant=0, size=400),
            _read(0, 100, 60_000, grant=100, size=400),
        ],
    ),
    (
        "one that has nothing gets its even share of the room",
        1_200,
        [
            *_GROWN,
            _read(1, 100, 200, grant=100, size=400),
            _read(1, 100, 210, grant=100, size=400),
            _read(0, 400, 300, grant=0, size=1_200),
            _read(1, 100, 400, grant=500, size=800),
            _read(0, 300, 500, grant=300, size=1_200),
            _read(1, 200, 600, grant=200, size=800),
            _read(0, 300, 700, grant=100, size=1_000),
            _read(1, 200, 800, grant=400, size=1_000),
            _close(0),
            _read(1, 250, 900, grant=850, size=1_600),
        ],
    ),
]
