"""The line through one step's medians at several round trips: its slope is round trips, and what it
begins with is computing."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from bench.first_byte.visits import FIRST, NGINX, P2CLAW, REPEAT, Visits, step_names, step_of
from bench.report import Report


def add_lines(
    report: Report, rows: Mapping[float, Visits], *, browser: str, loss_percent: float
) -> None:
    """One line of the report a step. rows: by round trip, ms; a line needs two of them."""
    if len(rows) < 2:
        return
    for visit in (FIRST, REPEAT):
        for side in (P2CLAW, NGINX):
            for name in step_names([times for row in rows.values() for times in row[visit, side]]):
                medians = {
                    rtt_ms: statistics.median(
                        step_of(times, name)
                        for times in row[visit, side]
                        if name in times.steps_ms or name == "first-byte"
                    )
                    for rtt_ms, row in rows.items()
                }
                slope, rest_ms = statistics.linear_regression(list(medians), list(medians.values()))
                report.line(
                    summary=True,
                    bench="first-byte",
                    browser=browser,
                    loss_percent=loss_percent,
                    visit=visit,
                    side=side,
                    step=name,
                    round_trips=round(slope, 2),
                    computing_ms=round(rest_ms, 1),
                )
