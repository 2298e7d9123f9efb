"""Every NAT of a visitor against every NAT of a box: what came of it beside what is right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from p2claw.errors import P2clawError
from tests.lab import cells, services
from tests.lab.cells import Cell
from tests.lab.host import Host
from tests.lab.laboratory import Laboratory
from tests.lab.nats import NATS, Filtering
from tests.lab.prober import probe, probe_server
from tests.lab.services import Box
from tests.lab.theory import Outcome, expected, stalls
from tests.support.server import ServerProcess

MANY = 20  # which of two workers a visitor dials is chance
AT_ONCE = 4  # cells of one box: they wait most of their time

Visit = Callable[[Host, Box, str], Coroutine[None, None, Cell]]


@dataclass(frozen=True, slots=True)
class Row:
    """One cell with its place. right: the outcomes that theory allows; stalls: so do uploads."""

    visitor: str
    box: str
    cell: Cell
    right: set[Outcome]
    stalls: bool = False

    @property
    def is_right(self) -> bool:
        """A link that moves to a better path is right, too; one that moves no bytes is not."""
        if self.cell.outcome == "failed":
            return "failed" in self.right
        moves = self.cell.code == "upload-stalled" if self.stalls else self.cell.whole
        return moves and self.cell.later in self.right


@asynccontextmanager
async def public_segment(
    lab: Laboratory, folder: Path, *, relays: bool, stun: bool = True
) -> AsyncIterator[ServerProcess]:
    """The coordinator, and coturn, which is its STUN server, too, unless it has none."""
    async with AsyncExitStack() as ends:
        await ends.enter_async_context(lab.server.hold(services.relay(folder)))
        coordinator = services.coordinator(lab.server, folder, relays=relays, stun=stun)
        yield await ends.enter_async_context(coordinator)


async def matrix(
    lab: Laboratory,
    folder: Path,
    visitors: Iterable[str],
    boxes: Iterable[str],
    *,
    relays: bool,
    visit: Visit,
    by: str = "fetch",
    at_once: int = AT_ONCE,
) -> AsyncIterator[Row]:
    """Visit each box from behind each NAT, and yield as it comes. Needs `public_segment`.

    by: who visits, as theory knows it.
    """
    visitors = list(visitors)
    for box_kind in boxes:
        host = await lab.host("box", box_kind)
        async with services.box(host, folder / f"box-{box_kind}") as box:
            places = asyncio.Semaphore(at_once)
            rows = [_row(lab, box, kind, box_kind, relays, visit, by, places) for kind in visitors]
            for done in asyncio.as_completed(rows):
                yield await done


async def _row(
    lab: Laboratory,
    box: Box,
    kind: str,
    box_kind: str,
    relays: bool,
    visit: Visit,
    by: str,
    places: asyncio.Semaphore,
) -> Row:
    async with places:
        cell = await visit(await lab.host("visitor", kind), box, kind)
    right = expected(kind, box_kind, relays=relays, by=by)
    return Row(kind, box_kind, cell, right, stalls(kind, box_kind, by))


async def prove(lab: Laboratory, kinds: Iterable[str]) -> None:
    """Probe the NATs of visitors. Raises P2clawError `nat-wrong` where one is not as its kind."""
    async with lab.server.hold(probe_server()):
        await asyncio.gather(
            *[_prove(await lab.host("visitor", kind), kind) for kind in kinds if NATS[kind].ipv4]
        )


async def _prove(host: Host, kind: str) -> None:
    nat, found = NATS[kind], await probe(host)
    right = (None if nat.filtering is Filtering.ALL else nat.mapping, nat.filtering)
    if found != right:
        raise P2clawError(f"the NAT {kind} behaves as {found}, not {right}", code="nat-wrong")


async def by_fetch(host: Host, box: Box, _kind: str) -> Cell:
    """The visit of a matrix by `p2claw fetch`'s visitor."""
    return await cells.by_fetch(host, box)


async def of_both_workers(host: Host, box: Box) -> list[Cell]:
    """Visits of a box with two workers, one after the other, until each has had one."""
    visits = []
    for _ in range(MANY):
        visits.append(await cells.by_fetch(host, box))
        log = box.agent.log.read_text().splitlines()
        opened = {line.rpartition(" ")[2] for line in log if "link open" in line}
        if len(opened) == 2:
            return visits
    raise AssertionError(f"{MANY} visits, and all had one worker")


def table(rows: list[Row]) -> str:
    """Visitors down, boxes across: path and milliseconds; `!` where it is not as it should be."""
    visitors, boxes = ([k for k in NATS if k in of] for of in _places(rows))
    by_place = {(row.visitor, row.box): _words(row) for row in rows}
    lines = [["visitor \\ box", *boxes]]
    lines += [[v, *(by_place.get((v, b), "") for b in boxes)] for v in visitors]
    widths = [max(len(line[i]) for line in lines) for i in range(len(boxes) + 1)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _places(rows: list[Row]) -> tuple[set[str], set[str]]:
    return {row.visitor for row in rows}, {row.box for row in rows}


def _words(row: Row) -> str:
    cell = row.cell
    if cell.outcome == "failed":
        text = "failed"
    elif cell.outcome == cell.later:
        text = f"{cell.outcome} {cell.open_ms:.0f}"
    else:
        text = f"{cell.outcome}>{cell.later} {cell.open_ms:.0f}"
    if cell.outcome != "failed" and not cell.whole:
        text += f" {cell.code or 'damaged'}"
    return text if row.is_right else f"{text} !"
