"""Whose responses may wait in memory, and how much of them. By counts alone, on a clock by hand."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass

from p2claw.agent.http.unread import RECOUNT_S, Held, Unread

NETWORK, OTHER = "203.0.113.0/24", "198.51.100.0/24"
TOTAL = 1_000_000


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Response:
    """What waits of one, as a test sets it."""

    waiting: int = 0

    def __call__(self) -> int:
        return self.waiting


def _held(unread: Unread, visitor: str, waiting: int, network: str = NETWORK) -> Held:
    held = unread.hold(visitor, network, Response(waiting))
    held.__enter__()
    held.count(0)
    return held


def test_who_is_alone_may_hold_half() -> None:
    unread = Unread(TOTAL, Clock())
    held = _held(unread, "one", TOTAL // 2 - 1)
    assert unread.is_within(held)
    _held(unread, "one", 2)
    assert not unread.is_within(held)


def test_another_visitor_may_still_hold_something() -> None:
    unread = Unread(TOTAL, Clock())
    hogs = [_held(unread, "hog", 45_000) for _ in range(10)]
    assert unread.is_within(hogs[0])
    assert unread.is_within(_held(unread, "another", 50_000))
    assert unread.is_within(_held(unread, "far", 100_000, OTHER))
    assert not unread.is_within(hogs[0])


def test_what_ends_gives_back_what_it_held() -> None:
    unread = Unread(TOTAL, Clock())
    held = _held(unread, "one", 700_000)
    assert unread.bytes == 700_000
    held.__exit__()
    assert unread.bytes == 0
    assert unread._all == set()
    assert unread._shares.visitors == 0


def test_what_has_gone_meanwhile_is_counted_anew_before_one_is_denied_more() -> None:
    clock = Clock()
    unread = Unread(TOTAL, clock)
    gone = Response(700_000)
    waits = unread.hold("one", NETWORK, gone)
    with waits:
        waits.count(0)
        another = _held(unread, "one", 20_000)
        assert not unread.is_within(another)
        gone.waiting = 0
        assert not unread.is_within(another), "no more often than that: each count costs time"
        clock.now += RECOUNT_S
        assert unread.is_within(another)
        assert unread.bytes == 20_000


def test_a_response_that_is_over_is_no_work_for_the_collector_of_cycles() -> None:
    class Exchange:
        def __init__(self, unread: Unread) -> None:
            self.held = unread.hold("one", NETWORK, self.waiting)

        def waiting(self) -> int:
            return 1

    gc.disable()
    try:
        exchange = Exchange(Unread(TOTAL, Clock()))
        with exchange.held:
            exchange.held.count(0)
        gone = weakref.ref(exchange)
        del exchange
        assert gone() is None
    finally:
        gc.enable()
