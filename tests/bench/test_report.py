"""What the report of a bench says of pairs of runs."""

from __future__ import annotations

import pytest

from bench.report import Report, ratios, spread


def test_runs_are_compared_pair_by_pair() -> None:
    assert ratios([2, 9, 4], [1, 3, 4]) == {"min": 1, "median": 2, "max": 3}


def test_a_pair_whose_peer_took_no_measurable_time_has_no_ratio() -> None:
    assert ratios([2, 9], [0, 3]) == {"min": 3, "median": 3, "max": 3}
    assert ratios([2], [0]) == {}


def test_text_names_what_it_shows_but_for_least_median_and_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Report(as_json=False).line(
        cpu_us=spread([1.0, 3.0, 2.0]), percent_by_part={"kernel: send": 60.0, "crypto": 40.0}
    )
    printed = capsys.readouterr().out
    assert "cpu_us=1/2/3  percent_by_part=kernel: send 60, crypto 40  commit=" in printed
