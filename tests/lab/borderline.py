"""Pairs of NATs that are direct in theory though a relay could win the race, many times each."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab import services
from tests.lab.cells import Cell
from tests.lab.laboratory import Laboratory
from tests.lab.matrix import AT_ONCE, Visit
from tests.lab.theory import expected

# Both sides have to send before either hears anything, so the first checks are lost.
PAIRS = "port/port,address/port,carrier/carrier,symmetric/full-cone"


@dataclass
class Tally:
    """What came of the visits of one pair."""

    visitor: str
    box: str
    cells: list[Cell] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """How many were not on the right path some seconds later, or moved no bytes."""
        right = expected(self.visitor, self.box, relays=True)
        return sum(not (cell.whole and cell.later in right) for cell in self.cells)

    def facts(self) -> dict[str, Any]:
        opened = [cell.open_ms for cell in self.cells if cell.outcome != "failed"] or [0.0]
        return {
            "visitor": self.visitor,
            "box": self.box,
            "visits": len(self.cells),
            "direct_at_once": sum(cell.outcome == "direct" for cell in self.cells),
            "direct_later": sum(cell.later == "direct" for cell in self.cells),
            "wrong": self.wrong,
            "open_ms": {"median": statistics.median(opened), "max": max(opened)},
        }

    def text(self) -> str:
        facts = self.facts()
        return (
            f"{self.visitor} to {self.box}: direct at once {facts['direct_at_once']}, "
            f"later {facts['direct_later']} of {facts['visits']}; "
            f"open after {facts['open_ms']['median']:.0f} ms, at most {facts['open_ms']['max']:.0f}"
            + (f"; {self.wrong} wrong !" if self.wrong else "")
        )


async def tally(
    lab: Laboratory, folder: Path, visitor: str, box_kind: str, times: int, visit: Visit
) -> Tally:
    """Visit one box so often from behind one NAT, some visits at once. Needs `public_segment`."""
    found = Tally(visitor, box_kind)
    places = asyncio.Semaphore(AT_ONCE)
    source = await lab.host("visitor", visitor)
    async with services.box(
        await lab.host("box", box_kind), folder / f"box-{visitor}-{box_kind}"
    ) as box:

        async def once() -> None:
            async with places:
                found.cells.append(await visit(source, box, visitor))

        async with asyncio.TaskGroup() as group:
            for _ in range(times):
                group.create_task(once())
    return found
