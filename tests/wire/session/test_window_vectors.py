"""tests/vectors/windows.json: windows that tune themselves, alone and beside others."""

from __future__ import annotations

from typing import Any

from p2claw.wire.session.room import Room
from p2claw.wire.session.window import ReceiveWindow
from tests.wire.vectors import cases, read


@cases(read("windows.json"))
def test_windows_grow_and_shrink_as_their_case_holds(case: dict[str, Any]) -> None:
    room, windows = Room(case["room"]), dict[int, ReceiveWindow]()
    for step in case["steps"]:
        if step["do"] == "round_trip":
            room.round_trip(step["ms"] / 1000)
            continue
        number = step["window"]
        if number not in windows:
            windows[number] = ReceiveWindow(case["first"], case["most"], room)
        window = windows[number]
        if step["do"] == "close":
            window.close()
            continue
        window.received(step["n"])
        granted = window.consumed(step["n"], step["now_ms"] / 1000)
        assert (granted, window.size) == (step["grant"], step["size"]), step
