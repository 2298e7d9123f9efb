"""`python -m tests.lab.alive`: a visit that stays while something happens to its path.

Printed for each event: the longest gap in a stream of ten numbers a second beside what is allowed,
and whether anything was lost or came twice. Where the agent goes away: from its return until a
download and an event stream have gone on.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast, get_args

from bench.wan.network import Direction
from tests.lab import matrix, services
from tests.lab.cells import edge_of_its_own
from tests.lab.events import EVENTS, Scene
from tests.lab.laboratory import SERVER_ADDRESSES, laboratory
from tests.lab.services import EDGE_PORT, PIECE_BYTES, Box
from tests.lab.stay import BEGUN, PAGE, Report
from tests.lab.wiring import Line
from tests.support.browser import Browser, Kind

BEFORE_S, AFTER_S = 4.0, 6.0
LATE_S = 90.0
# Of both lines together: a round trip of 20 ms and 60 Mbit/s.
_WAY = Direction(delay_ms=5, rate_mbit=60, queue_bytes=750_000)
LINE = Line(_WAY, _WAY)
KIND = "port"


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one event. gap_s: of which allowed_s are allowed."""

    event: str
    by: str
    gap_s: float
    allowed_s: float
    report: Report

    @property
    def is_whole(self) -> bool:
        report = self.report
        if EVENTS[self.event].ends_streams:
            return report.down and report.events
        whole = report.down and report.up and report.events
        return whole and not report.missing and not report.doubled

    @property
    def is_right(self) -> bool:
        return self.is_whole and self.gap_s <= self.allowed_s


@contextlib.asynccontextmanager
async def scene_in(folder: Path) -> AsyncIterator[Scene]:
    """A visitor and a box behind NATs, in a laboratory of its own."""
    async with (
        laboratory() as lab,
        matrix.public_segment(lab, folder, relays=True) as server,
        AsyncExitStack() as ends,
    ):
        visitor = await lab.host("visitor", KIND, LINE)
        box_host = await lab.host("box", KIND, LINE)
        async with services.box(box_host, folder / "box") as box:
            yield Scene(lab, visitor, box_host, KIND, box, server, ends)


async def alive(event: str, by: str, folder: Path) -> Row:
    """One event. by: fetch, or a browser."""
    allowed_s = EVENTS[event].gap_s
    stay_s = BEFORE_S + EVENTS[event].lasts_s + allowed_s + AFTER_S
    over_at = 0.0
    async with scene_in(folder) as scene:

        async def happen() -> None:
            nonlocal over_at
            await asyncio.sleep(BEFORE_S)
            await EVENTS[event].happen(scene)
            over_at = time.time()

        box = scene.box_agent
        if by == "fetch":
            staying = _by_fetch(box, stay_s, happen())
        else:
            staying = _by_browser(cast(Kind, by), scene, box, stay_s, folder, happen())
        report = await scene.visitor.run(staying)
    gap_s = report.gap_s
    if EVENTS[event].ends_streams:
        gap_s = round(max(0.0, report.went_on_at - over_at), 3)
    return Row(event, by, gap_s, allowed_s, report)


async def _by_fetch(box: Box, stay_s: float, happen: Coroutine[None, None, None]) -> Report:
    edge = f"http://{SERVER_ADDRESSES[0]}:{EDGE_PORT}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.lab.stay", box.url, edge, str(stay_s)), stdout=PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(stay_s + LATE_S):
            # The program may take seconds to begin, on a busy machine more than the event waits.
            line = await process.stdout.readline()
            if line.strip() == BEGUN.encode():
                (line, _), _ = await asyncio.gather(process.communicate(), happen)
            else:
                happen.close()  # it could not be visited
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Report(**json.loads(line))


async def _by_browser(
    kind: Kind,
    scene: Scene,
    box: Box,
    stay_s: float,
    folder: Path,
    happen: Coroutine[None, None, None],
) -> Report:
    async with edge_of_its_own(scene.visitor):
        browser = await Browser.launch(kind, folder / "profile")
        try:
            tab = await browser.open(box.url)
            await tab.wait_for("() => document.title === 'lab'")
            staying = tab.evaluate(PAGE, stay_s, PIECE_BYTES, timeout_s=stay_s + LATE_S)
            report, _ = await asyncio.gather(staying, happen)
        finally:
            await browser.close()
    return Report(**report)


async def main(arguments: argparse.Namespace) -> int:
    """Returns how many rows are not right."""
    wrong = 0
    for event in arguments.events or EVENTS:
        for by in arguments.by.split(","):
            with tempfile.TemporaryDirectory(prefix="p2claw-lab-") as name:
                row = await alive(event, by, Path(name))
            wrong += not row.is_right
            if arguments.json:
                print(json.dumps({**asdict(row), "is_right": row.is_right}), flush=True)
            else:
                whole = "whole" if row.is_whole else f"LOST {row.report}"
                sign = "" if row.is_right else "!"
                gap = f"{row.gap_s:6.2f} of {row.allowed_s:5.2f} s"
                print(f"{event:24} {by:9} {gap}  {whole} {sign}", flush=True)
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.lab.alive", description=__doc__)
    parser.add_argument("events", nargs="*", help=f"these alone: {', '.join(EVENTS)}")
    parser.add_argument("--by", default="fetch", help=f"fetch, {', '.join(get_args(Kind))}")
    parser.add_argument("--json", action="store_true", help="a line per event")
    sys.exit(min(1, asyncio.run(main(parser.parse_args()))))
