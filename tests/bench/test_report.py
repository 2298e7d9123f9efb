"""What the report of a bench says of pairs of runs."""

from __future__ import annotations

from bench.report import ratios


def test_runs_are_compared_pair_by_pair() -> None:
    assert ratios([2, 9, 4], [1, 3, 4]) == {"min": 1, "median": 2, "max": 3}


def test_a_pair_whose_peer_took_no_measurable_time_has_no_ratio() -> None:
    assert ratios([2, 9], [0, 3]) == {"min": 3, "median": 3, "max": 3}
    assert ratios([2], [0]) == {}
