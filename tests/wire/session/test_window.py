"""The credit that we grant."""

from __future__ import annotations

from random import Random

import pytest

from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.faults import CreditFault
from p2claw.wire.session.room import Room
from p2claw.wire.session.window import ReceiveWindow


def _window(received: int = 400) -> ReceiveWindow:
    window = ReceiveWindow(400)
    window.received(received)
    return window


def test_the_whole_window_may_come() -> None:
    assert _window(400).credit == 0


def test_one_byte_more_is_a_flow_control_fault() -> None:
    with pytest.raises(CreditFault) as fault:
        _window(401)
    assert fault.value.wire_code is Code.FLOW_CONTROL


def test_nothing_is_granted_below_a_quarter() -> None:
    assert _window().consumed(99) == 0


def test_a_quarter_is_granted_with_all_that_was_read() -> None:
    window = _window()
    window.consumed(99)
    assert window.consumed(51) == 150


def test_a_grant_is_not_given_twice() -> None:
    window = _window()
    window.consumed(100)
    assert window.consumed(99) == 0


def test_what_is_granted_may_come_again() -> None:
    window = _window()
    window.received(window.consumed(100))
    assert window.credit == 0


@pytest.mark.parametrize("n", [101, -1])
def test_what_has_not_come_cannot_be_read(n: int) -> None:
    with pytest.raises(LocalProtocolError) as refused:
        _window(100).consumed(n)
    assert refused.value.code == "consumed-too-much"


def _read_all(window: ReceiveWindow, now: float) -> None:
    """All that may come comes and is read, half of it 0.05 s later."""
    n = window.credit
    window.received(n)
    window.consumed(n // 2, now)
    window.consumed(n - n // 2, now + 0.05)


def test_a_window_grows_to_its_bound_with_a_reader_that_keeps_up() -> None:
    window = ReceiveWindow(400, 1_500, Room(10_000))
    for turn in range(20):
        _read_all(window, turn / 10)
    assert window.size == 1_500


def test_a_slow_reader_keeps_the_window_that_it_has() -> None:
    window = ReceiveWindow(400, 1_600, Room(10_000))
    for turn in range(20):
        window.received(100)
        window.consumed(100, float(turn))
    assert window.size == 400


def test_what_comes_after_a_long_silence_halves_a_grown_window() -> None:
    window = ReceiveWindow(400, 1_600, Room(10_000))
    for turn in range(8):
        _read_all(window, turn / 10)
    window.received(window.credit)
    window.consumed(1_600, 100.0)
    assert (window.size, window.credit) == (800, 800)


def test_windows_share_the_room_of_their_link_and_give_it_back() -> None:
    room = Room(500)
    first, second = ReceiveWindow(400, 1_600, room), ReceiveWindow(400, 1_600, room)
    _read_all(first, 0.0)
    _read_all(second, 0.0)
    assert (first.size, second.size, room.left) == (800, 500, 0)
    first.close()
    assert room.left == 400


def test_links_share_the_room_above_theirs_and_a_link_that_is_over_returns_its_part() -> None:
    above = Room(1_000)
    links = [Room(1_000, above), Room(1_000, above)]
    first, second = (ReceiveWindow(400, 1_600, room) for room in links)
    for turn in range(3):
        _read_all(first, turn / 10)
    _read_all(second, 0.3)
    assert (first.size, second.size, above.left) == (1_400, 400, 0)
    for turn in range(4):  # the second has asked in vain: the first returns what is above its half
        first.received(400)
        first.consumed(400, 0.4 + turn / 100)
    _read_all(second, 0.5)
    assert (first.size, second.size, above.left) == (900, 900, 0)
    links[0].close()
    assert above.left == 500


def test_what_a_window_does_after_its_link_is_over_changes_no_room_above() -> None:
    above = Room(1_000)
    room = Room(1_000, above)
    window = ReceiveWindow(400, 1_600, room)
    _read_all(window, 0.0)
    room.close()
    _read_all(window, 0.1)
    window.close()
    room.close()
    assert above.left == 1_000


@pytest.mark.parametrize("seed", range(20))
def test_what_all_links_may_hold_is_bounded_whatever_their_readers_do(seed: int) -> None:
    random, above, now = Random(seed), Room(2_000), 0.0
    links = [Room(1_500, above) for _ in range(3)]
    windows = [ReceiveWindow(400, 1_600, links[n % 3]) for n in range(9)]
    unread = [0] * 9
    for _ in range(1_000):
        n = random.randrange(9)
        now += random.choice((0.0, 0.01, 0.2, 5.0))
        if come := random.randint(0, windows[n].credit):
            windows[n].received(come)
            unread[n] += come
        read = random.choice((unread[n], random.randint(0, unread[n])))
        windows[n].consumed(read, now)
        unread[n] -= read
        if not random.randrange(50):  # a stream is over, another begins
            windows[n].close()
            windows[n], unread[n] = ReceiveWindow(400, 1_600, links[n % 3]), 0
        held = [window.credit + waiting for window, waiting in zip(windows, unread, strict=True)]
        assert sum(held) <= 9 * 400 + 2_000
        assert all(sum(held[link::3]) <= 3 * 400 + 1_500 for link in range(3))
        assert above.left >= 0
    for window in windows:
        window.close()
    assert [above.left, *(link.left for link in links)] == [2_000, 1_500, 1_500, 1_500]


@pytest.mark.parametrize("seed", range(20))
def test_what_a_link_may_hold_is_bounded_whatever_its_readers_do(seed: int) -> None:
    random, room, now = Random(seed), Room(2_000), 0.0
    windows = [ReceiveWindow(400, 1_600, room) for _ in range(8)]
    unread = [0] * 8
    stalled = random.randrange(8)  # reads nothing from the 200th step on
    for step in range(1_000):
        n = random.randrange(8)
        now += random.choice((0.0, 0.01, 0.2, 5.0))
        if come := random.randint(0, windows[n].credit):
            windows[n].received(come)
            unread[n] += come
        if n != stalled or step < 200:
            read = random.choice((unread[n], random.randint(0, unread[n])))
            windows[n].consumed(read, now)
            unread[n] -= read
        held = [window.credit + waiting for window, waiting in zip(windows, unread, strict=True)]
        assert sum(held) <= 8 * 400 + 2_000
        assert all(0 <= each <= 1_600 for each in held)
        assert room.left >= 0
    others = [n for n in range(8) if n != stalled]
    for n in others:  # a stalled reader holds nobody up: the others still get their window
        windows[n].consumed(unread[n], now)
        assert windows[n].credit >= 3 * windows[n].size // 4
