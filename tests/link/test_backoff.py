"""Delays between tries."""

from __future__ import annotations

from p2claw.link.backoff import Backoff


def test_the_ceiling_doubles_up_to_the_cap() -> None:
    backoff = Backoff(draw=lambda: 1.0)
    assert [backoff.next_delay_s() for _ in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]


def test_the_ceiling_rises_when_the_outage_is_long() -> None:
    backoff = Backoff(draw=lambda: 1.0)
    assert [backoff.next_delay_s() for _ in range(41)][-2:] == [15, 60]


def test_the_delay_is_anywhere_below_the_ceiling() -> None:
    draws = iter([0.0, 0.5])
    backoff = Backoff(draw=lambda: next(draws))
    assert [backoff.next_delay_s(), backoff.next_delay_s()] == [0.0, 0.5]


def test_success_begins_anew() -> None:
    backoff = Backoff(draw=lambda: 1.0)
    backoff.next_delay_s()
    backoff.next_delay_s()
    backoff.reset()
    assert backoff.next_delay_s() == 0.5


def test_a_least_delay_is_kept_and_still_spread() -> None:
    backoff = Backoff(draw=lambda: 0.5)
    assert backoff.next_delay_s(least_s=60) == 60.25


def test_a_spread_is_kept_for_as_long_as_tries_are_to_succeed_soon() -> None:
    backoff = Backoff(draw=lambda: 1.0)
    delays_s = [backoff.next_delay_s(least_s=8, spread_s=4) for _ in range(41)]
    assert delays_s == [12.0] * 40 + [68.0]


def test_years_of_failures_stay_at_the_cap() -> None:
    backoff = Backoff(draw=lambda: 1.0)
    assert [backoff.next_delay_s() for _ in range(5_000)][-1] == 60
