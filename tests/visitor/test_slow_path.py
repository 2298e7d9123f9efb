"""A relay that is slow for long is left, once in a while, and nothing else is."""

from __future__ import annotations

import itertools

from p2claw.visitor.slow_path import AGAIN_MOST_S, AGAIN_S, LASTS_S, SlowPath


def looks(path: SlowPath, from_s: float, to_s: float, **facts: float | bool) -> list[float]:
    """When another link was wanted, in seconds; looked at ten times per second."""
    given = {"is_relayed": True, "rtt_s": 1.5, "least_s": 0.02, **facts}
    times = [from_s + number / 10 for number in range(round(10 * (to_s - from_s)))]
    return [now for now in times if path.look(now=now, **given)]  # type: ignore[arg-type]


def test_a_relay_that_stays_slow_is_left_after_a_moment() -> None:
    assert looks(SlowPath(), 0.0, 20.0) == [LASTS_S]


def test_a_burst_is_waited_out() -> None:
    path = SlowPath()
    for second in range(10):
        assert looks(path, second, second + 0.9) == []
        assert looks(path, second + 0.9, second + 1.0, rtt_s=0.03) == []


def test_a_direct_path_is_never_left_for_being_slow() -> None:
    assert looks(SlowPath(), 0.0, 100.0, is_relayed=False) == []


def test_a_way_that_has_always_been_long_is_not_slow() -> None:
    assert looks(SlowPath(), 0.0, 100.0, rtt_s=1.5, least_s=0.6) == []


def test_what_is_not_known_is_not_slow() -> None:
    assert looks(SlowPath(), 0.0, 100.0, least_s=0.0) == []


def test_tries_come_ever_less_often() -> None:
    found = looks(SlowPath(), 0.0, 5_000.0)
    apart = [round(after - before) for before, after in itertools.pairwise(found)]
    assert apart[:3] == [AGAIN_S, 2 * AGAIN_S, 4 * AGAIN_S]
    assert max(apart) == AGAIN_MOST_S
