"""bench.first_byte: what is reported of the visits that were measured."""

from __future__ import annotations

import json

import pytest

from bench.first_byte.lines import add_lines
from bench.first_byte.times import Times
from bench.first_byte.visits import FIRST, NGINX, P2CLAW, REPEAT, Visits
from bench.report import Report


def _visits(at_ms: float) -> Visits:
    times = [Times(at_ms * 2, at_ms * 2, {"open": at_ms})]
    return {(visit, side): times for visit in (FIRST, REPEAT) for side in (P2CLAW, NGINX)}


def test_round_trips_are_the_slope_and_computing_is_what_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = {rtt_ms: _visits(4 * rtt_ms + 30) for rtt_ms in (20.0, 50.0, 150.0)}
    add_lines(Report(as_json=True), rows, browser="chromium", loss_percent=0.0)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {
        (line["visit"], line["step"]): (line["round_trips"], line["computing_ms"])
        for line in lines
        if line["side"] == P2CLAW
    }
    assert found == {
        (visit, step): figures
        for visit in (FIRST, REPEAT)
        for step, figures in (("open", (4.0, 30.0)), ("first-byte", (8.0, 60.0)))
    }


def test_one_round_trip_makes_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    add_lines(Report(as_json=True), {50.0: _visits(230)}, browser="firefox", loss_percent=3.0)
    assert capsys.readouterr().out == ""
