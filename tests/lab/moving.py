"""A link of a browser that begins through a relay moves to a direct path under the page."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.lab import services, wiring
from tests.lab.cells import PAGE_TIMEOUT_S, edge_of_its_own, path_of, transfer_fault
from tests.lab.host import Host
from tests.lab.laboratory import SERVER_ADDRESSES, Laboratory
from tests.lab.services import Box
from tests.lab.theory import Outcome
from tests.support.browser import Browser, Kind

MOVED_S = 60.0
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Move:
    """before, after: the path. took_s: until it was another. stayed: the page is the same.

    whole: it has moved bytes both ways since.
    """

    before: Outcome
    after: Outcome
    took_s: float
    stayed: bool
    whole: bool

    @property
    def is_right(self) -> bool:
        return (self.before, self.after) == ("relayed", "direct") and self.stayed and self.whole

    def text(self, by: str) -> str:
        rest = "" if self.stayed and self.whole else ", and the page or its bytes are lost"
        mark = "" if self.is_right else " !"
        return f"{by}: {self.before}, then {self.after} after {self.took_s:.1f} s{rest}{mark}"


async def move(lab: Laboratory, folder: Path, kind: Kind) -> Move:
    """Nothing but the relay is reachable at first, and everything a moment later."""
    host, visitor = await lab.host("box", "port"), await lab.host("visitor", "port")
    router = lab.router(visitor)
    async with services.box(host, folder / "box") as box:
        wiring.close_but_for(router, SERVER_ADDRESSES[0])
        return await visitor.run(_watch(kind, visitor, box, router, folder / "profile"))


async def _watch(kind: Kind, host: Host, box: Box, router: str, folder: Path) -> Move:
    async with edge_of_its_own(host):
        browser = await Browser.launch(kind, folder)
        try:
            tab = await browser.open(box.url)
            await tab.wait_for("() => document.title === 'lab'", timeout_s=PAGE_TIMEOUT_S)
            await tab.evaluate("() => { window.isTheSame = true; }")
            before = await path_of(box)
            wiring.open_again(router)
            began = time.monotonic()
            while (after := await path_of(box)) != "direct":
                if time.monotonic() > began + MOVED_S:
                    break
                await asyncio.sleep(LOOK_S)
            took_s = time.monotonic() - began
            stayed = bool(await tab.evaluate("() => window.isTheSame === true"))
            whole = not await transfer_fault(tab)
            return Move(before, after, round(took_s, 1), stayed, whole)
        finally:
            await browser.close()
