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
from tests.lab.relays import LabRelay, busiest, segment_with_relays
from tests.lab.services import EDGE_PORT, PIECE_BYTES, Box
from tests.lab.stay import BEGUN, PAGE, Report
from tests.lab.wiring import Line
from tests.support.browser import Browser, Kind

BEFORE_S, AFTER_S = 4.0, 6.0
LEFT_S = 3.0
LATE_S = 90.0
# Of both lines together: a round trip of 20 ms and 60 Mbit/s.
_WAY = Direction(delay_ms=5, rate_mbit=60, queue_bytes=750_000)
LINE = Line(_WAY, _WAY)


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one event. gap_s: of which allowed_s are allowed.

    stuck: the visit goes on through what it should have left.
    """

    event: str
    by: str
    gap_s: float
    allowed_s: float
    report: Report
    stuck: bool = False

    @property
    def is_whole(self) -> bool:
        report = self.report
        if EVENTS[self.event].ends_streams:
            return report.down and report.events
        whole = report.down and report.up and report.events
        return whole and not report.missing and not report.doubled

    @property
    def is_right(self) -> bool:
        return self.is_whole and not self.stuck and self.gap_s <= self.allowed_s


@contextlib.asynccontextmanager
async def scene_in(folder: Path, kind: str, relays: int = 0) -> AsyncIterator[Scene]:
    """A visitor and a box, each behind a NAT of this kind, in a laboratory of its own.

    relays: so many, each on a host of its own; else one beside the coordinator.
    """
    async with laboratory() as lab, AsyncExitStack() as ends:
        made: tuple[LabRelay, ...] = ()
        if relays:
            segment = segment_with_relays(lab, folder, [("", Line())] * relays)
            server, made = await ends.enter_async_context(segment)
        else:
            public = matrix.public_segment(lab, folder, relays=True)
            server = await ends.enter_async_context(public)
        visitor = await lab.host("visitor", kind, LINE)
        box_host = await lab.host("box", kind, LINE)
        box = await ends.enter_async_context(services.box(box_host, folder / "box"))
        yield Scene(lab, visitor, box_host, kind, box, server, ends, made)


async def alive(event: str, by: str, folder: Path) -> Row:
    """One event. by: fetch, or a browser."""
    allowed_s = EVENTS[event].gap_s
    stay_s = BEFORE_S + EVENTS[event].lasts_s + allowed_s + AFTER_S
    over_at, stuck = 0.0, False
    async with scene_in(folder, EVENTS[event].kind, EVENTS[event].relays) as scene:

        async def happen() -> None:
            nonlocal over_at, stuck
            await asyncio.sleep(BEFORE_S)
            await EVENTS[event].happen(scene)
            over_at = time.time()
            if scene.spoilt:
                stuck = not await _has_left(scene, allowed_s + LEFT_S)

        box = scene.box_agent
        if by == "fetch":
            staying = _by_fetch(box, stay_s, happen())
        else:
            staying = _by_browser(cast(Kind, by), scene, box, stay_s, folder, happen())
        report = await scene.visitor.run(staying)
    gap_s = report.gap_s
    if EVENTS[event].ends_streams:
        gap_s = round(max(0.0, report.went_on_at - over_at), 3)
    return Row(event, by, gap_s, allowed_s, report, stuck)


async def _has_left(scene: Scene, within_s: float) -> bool:
    """Whether the visit goes through another relay than before, within so much time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if await busiest(scene.relays) not in scene.spoilt:
            return True
    return False


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
                whole += ", through the same relay" if row.stuck else ""
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
