"""Silence, PING and PONG, on a clock that is an argument."""

from __future__ import annotations

import pytest

from p2claw.wire.frames.limits import ASKED_PATH_LIMITS, DEFAULT_LIMITS
from p2claw.wire.session.keepalive import Keepalive, Silence


@pytest.fixture
def keepalive() -> Keepalive:
    keepalive = Keepalive(ASKED_PATH_LIMITS)
    keepalive.start(100.0)
    return keepalive


def test_without_a_clock_there_is_no_deadline() -> None:
    assert Keepalive(DEFAULT_LIMITS).deadline() is None


def test_time_starts_with_the_first_moment_that_is_shown(keepalive: Keepalive) -> None:
    keepalive.start(110.0)
    assert keepalive.deadline() == 130.0


def test_before_30_s_nothing_is_to_be_done(keepalive: Keepalive) -> None:
    assert keepalive.check(129.9) is Silence.NOTHING


def test_after_30_s_of_silence_a_ping_goes(keepalive: Keepalive) -> None:
    assert keepalive.check(130.0) is Silence.PING


def test_who_knows_nothing_of_the_path_asks_after_20_s() -> None:
    keepalive = Keepalive(DEFAULT_LIMITS)
    keepalive.start(100.0)
    assert keepalive.check(119.9) is Silence.NOTHING
    assert keepalive.check(120.0) is Silence.PING
    assert keepalive.check(145.0) is Silence.LOST


def test_one_ping_goes_in_one_silence(keepalive: Keepalive) -> None:
    keepalive.check(130.0)
    assert keepalive.check(140.0) is Silence.NOTHING


def test_after_45_s_of_silence_the_peer_is_lost(keepalive: Keepalive) -> None:
    keepalive.check(130.0)
    assert keepalive.deadline() == 145.0
    assert keepalive.check(145.0) is Silence.LOST


def test_a_frame_ends_the_silence(keepalive: Keepalive) -> None:
    keepalive.check(130.0)
    keepalive.received(131.0)
    assert keepalive.deadline() == 161.0


def test_nobody_is_lost_who_was_not_asked(keepalive: Keepalive) -> None:
    assert keepalive.check(1_000.0) is Silence.PING
    assert keepalive.check(1_014.9) is Silence.NOTHING
    assert keepalive.check(1_015.0) is Silence.LOST


def test_who_stood_still_while_it_waited_for_the_reply_asks_again(keepalive: Keepalive) -> None:
    keepalive.check(130.0)
    assert keepalive.check(205.0) is Silence.PING
    assert keepalive.check(219.9) is Silence.NOTHING
    assert keepalive.check(220.0) is Silence.LOST


def test_a_timer_that_is_late_by_a_little_is_no_standstill(keepalive: Keepalive) -> None:
    keepalive.check(130.0)
    assert keepalive.check(145.9) is Silence.LOST


def test_who_stands_still_again_and_again_gives_the_peer_up_at_last(keepalive: Keepalive) -> None:
    now, asked = 130.0, 0
    while keepalive.check(now) is Silence.PING:
        asked += 1
        now += 20.0
    assert asked == 4


def test_a_frame_makes_up_for_standstills(keepalive: Keepalive) -> None:
    for now in (130.0, 150.0, 170.0):
        keepalive.check(now)
    keepalive.received(171.0)
    assert [keepalive.check(now) for now in (201.0, 221.0, 241.0)] == [Silence.PING] * 3


def test_a_pong_measures_how_long_the_way_was(keepalive: Keepalive) -> None:
    ping = keepalive.next_ping(120.0)
    assert keepalive.pong(ping, 120.25) == 0.25


def test_a_pong_counts_once(keepalive: Keepalive) -> None:
    ping = keepalive.next_ping(120.0)
    keepalive.pong(ping, 120.25)
    assert keepalive.pong(ping, 120.5) is None


def test_the_pong_of_an_older_ping_measures_nothing(keepalive: Keepalive) -> None:
    older = keepalive.next_ping(120.0)
    keepalive.next_ping(121.0)
    assert keepalive.pong(older, 122.0) is None


def test_eleven_pings_in_ten_seconds_are_one_too_many(keepalive: Keepalive) -> None:
    assert [keepalive.may_reply(101.0) for _ in range(11)] == [True] * 10 + [False]


def test_ten_seconds_later_pings_are_acknowledged_again(keepalive: Keepalive) -> None:
    for _ in range(11):
        keepalive.may_reply(101.0)
    assert keepalive.may_reply(111.0)
