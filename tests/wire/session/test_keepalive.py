"""Silence, PING and PONG, on a clock that is an argument."""

from __future__ import annotations

import pytest

from p2claw.wire.frames.limits import Limits
from p2claw.wire.session.keepalive import Keepalive, Silence


@pytest.fixture
def keepalive() -> Keepalive:
    keepalive = Keepalive(Limits())
    keepalive.start(100.0)
    return keepalive


def test_without_a_clock_there_is_no_deadline() -> None:
    assert Keepalive(Limits()).deadline() is None


def test_time_starts_with_the_first_moment_that_is_shown(keepalive: Keepalive) -> None:
    keepalive.start(110.0)
    assert keepalive.deadline() == 120.0


def test_before_20_s_nothing_is_to_be_done(keepalive: Keepalive) -> None:
    assert keepalive.check(119.9) is Silence.NOTHING


def test_after_20_s_of_silence_a_ping_goes(keepalive: Keepalive) -> None:
    assert keepalive.check(120.0) is Silence.PING


def test_one_ping_goes_in_one_silence(keepalive: Keepalive) -> None:
    keepalive.check(120.0)
    assert keepalive.check(130.0) is Silence.NOTHING


def test_after_45_s_of_silence_the_peer_is_lost(keepalive: Keepalive) -> None:
    keepalive.check(120.0)
    assert keepalive.check(145.0) is Silence.LOST


def test_a_timer_that_fires_far_too_late_finds_the_peer_lost(keepalive: Keepalive) -> None:
    assert keepalive.check(1_000.0) is Silence.LOST


def test_a_frame_ends_the_silence(keepalive: Keepalive) -> None:
    keepalive.check(120.0)
    keepalive.received(121.0)
    assert keepalive.deadline() == 141.0


def test_a_path_that_works_puts_a_ping_off(keepalive: Keepalive) -> None:
    keepalive.path_works(118.0)
    assert keepalive.check(120.0) is Silence.NOTHING
    assert keepalive.deadline() == 138.0


def test_a_path_that_works_no_more_is_asked_about_20_s_later(keepalive: Keepalive) -> None:
    keepalive.path_works(118.0)
    assert keepalive.check(138.0) is Silence.PING
    assert keepalive.check(163.0) is Silence.LOST


def test_after_60_s_without_a_frame_a_ping_goes_on_the_best_of_paths(keepalive: Keepalive) -> None:
    keepalive.path_works(159.0)
    assert keepalive.check(159.0) is Silence.NOTHING
    assert keepalive.check(160.0) is Silence.PING


def test_a_peer_that_keeps_its_path_but_sends_nothing_is_lost_after_85_s(
    keepalive: Keepalive,
) -> None:
    keepalive.path_works(159.0)
    keepalive.check(160.0)
    keepalive.path_works(184.0)
    assert keepalive.check(184.9) is Silence.NOTHING
    assert keepalive.check(185.0) is Silence.LOST


def test_what_the_path_showed_before_a_frame_came_changes_nothing(keepalive: Keepalive) -> None:
    keepalive.received(130.0)
    keepalive.path_works(120.0)
    assert keepalive.deadline() == 150.0


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
