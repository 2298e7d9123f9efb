"""Runs of all sides, a line each, and the lines that compare ours with each other one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from bench.dataplane.interleaved import Measured
from bench.page.scene import P2CLAW, Scene, Side
from bench.report import Report, ratios, spread

T = TypeVar("T", bound=Measured)


class Rows(Generic[T]):
    """What was measured of one case in one browser, by side."""

    def __init__(self, report: Report, scene: Scene, case: str) -> None:
        self.report = report
        self.case = case
        self.kind = scene.kind
        self.by_side: dict[str, list[T]] = {}

    def add(self, side: Side | str, run: int, measured: T) -> None:
        name = side if isinstance(side, str) else side.name
        self.by_side.setdefault(name, []).append(measured)
        facts = measured.facts()
        self.report.line(
            bench="page", case=self.case, browser=self.kind, side=name, run=run, **facts
        )


def summarize(rows: Rows[T], figure: str, value: Callable[[T], float]) -> None:
    """A line a peer: the figure of both sides, its ratio and its difference, run by run."""
    ours = [value(one) for one in rows.by_side[P2CLAW.name]]
    for peer, measured in rows.by_side.items():
        if peer == P2CLAW.name:
            continue
        theirs = [value(one) for one in measured]
        rows.report.line(
            summary=True,
            bench="page",
            case=rows.case,
            browser=rows.kind,
            vs=peer,
            runs=len(ours),
            figure=figure,
            p2claw=spread(ours),
            peer=spread(theirs),
            ratio=ratios(ours, theirs),
            difference=spread([a - b for a, b in zip(ours, theirs, strict=True)]),
        )
