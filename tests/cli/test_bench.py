"""bench: figures of a link to a real app, and how they are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2claw.cli.bench.picture import course, share
from tests.cli.demos import Demo
from tests.cli.program import p2claw


def test_figures_of_all_kinds_are_measured(running: Demo, home: Path) -> None:
    url = f"{running.url}download?mb=2"
    options = ("--seconds", "0.5", "--up", "/api/echo", "--json")
    facts = p2claw(home, "bench", *options, url).json
    assert facts["path"] == "direct"
    least, median, most = (facts["first_byte_ms"][key] for key in ("least", "median", "most"))
    assert 0 < least <= median <= most
    assert facts["statuses"].keys() == {"200"}
    assert facts["requests_per_s"] > 0
    assert facts["down"]["bytes"] > 0 and facts["down"]["samples"]
    assert facts["up"]["bytes"] > 0
    assert facts["allows"]["up_bytes_per_s"] > 0


def test_people_see_lines_and_a_picture(running: Demo, home: Path) -> None:
    ran = p2claw(home, "bench", "--seconds", "0.5", f"{running.url}status/200")
    assert [line.split()[0] for line in ran.out.splitlines()[1:5]] == [
        *("link", "first", "requests", "down")
    ]
    assert "a larger file shows the line" in ran.err


def test_what_the_app_does_not_serve_is_not_measured(running: Demo, home: Path) -> None:
    ran = p2claw(home, "bench", "--seconds", "0.5", "--json", f"{running.url}status/404")
    assert (ran.code, ran.error["code"]) == (6, "http-error")


def test_a_way_up_is_a_path(home: Path) -> None:
    ran = p2claw(home, "bench", "--json", "--up", "x", "http://a-purplecrab.localhost/")
    assert (ran.code, ran.error["code"]) == (2, "usage")


@pytest.mark.parametrize(
    "samples, drawn",
    [([], ""), ([0.0, 0.0], ""), ([1.0, 2.0, 4.0, 8.0], "▂▃▅█"), ([5.0] * 80, "█" * 40)],
)
def test_a_course_is_one_line(samples: list[float], drawn: str) -> None:
    assert course(samples) == drawn


@pytest.mark.parametrize(
    "part, whole, drawn", [(0, 0, "░░░░"), (1, 2, "██░░"), (3, 2, "████"), (-1, 2, "░░░░")]
)
def test_a_share_is_a_bar(part: float, whole: float, drawn: str) -> None:
    assert share(part, whole, 4) == drawn
