"""Relays in two regions, of which the first is far away: who measures finds the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.wan.network import Direction
from p2claw.visitor import PinStore, Visitor
from p2claw.visitor.near import FILE_NAME
from tests.lab import services
from tests.lab.cells import PAGE_TIMEOUT_S, edge_of_its_own
from tests.lab.events import NO_PATH
from tests.lab.host import Host
from tests.lab.laboratory import SERVER_ADDRESSES, laboratory
from tests.lab.relays import LabRelay, segment_with_relays
from tests.lab.services import EDGE_PORT, Box
from tests.lab.wiring import Line
from tests.support.browser import Browser
from tests.support.own_namespace import needs_namespaces

pytestmark = [needs_namespaces("nft", "conntrack"), pytest.mark.timeout(180)]

LONG = Direction(delay_ms=60)
FAR, NEAR = "aa", "bb"
DOWN_BYTES = 1_000_000
MEASURED_S = 30.0


@dataclass(frozen=True, slots=True)
class Scene:
    visitor: Host
    box: Box
    relays: tuple[LabRelay, ...]

    def sent(self) -> tuple[int, int]:
        """By the far relays, and by the near ones."""
        far, near = (
            sum(relay.sent_bytes() for relay in self.relays if relay.region == region)
            for region in (FAR, NEAR)
        )
        return far, near


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    async with laboratory() as lab, AsyncExitStack() as ends:
        # A visit is given two: if a region had one, the other would be of the next region.
        places = [(FAR, Line(LONG, LONG))] * 2 + [(NEAR, Line())] * 2
        _, relays = await ends.enter_async_context(segment_with_relays(lab, folder, places))
        visitor, host = await lab.host("visitor", NO_PATH), await lab.host("box", NO_PATH)
        box = await ends.enter_async_context(services.box(host, folder / "box"))
        yield Scene(visitor, box, relays)


async def test_a_program_that_needs_a_relay_has_the_near_one_from_its_second_visit_on(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as at:
        pins = PinStore(tmp_path / "known_boxes.json")
        through: list[str] = []

        async def visit() -> None:
            edge = f"http://{SERVER_ADDRESSES[0]}:{EDGE_PORT}"
            before = at.sent()
            async with await Visitor.open(at.box.url, edge=edge, pins=pins) as visitor:
                assert visitor.stats().path == "relayed"
                await (await visitor.request("GET", f"/{DOWN_BYTES}")).body()
                async with asyncio.timeout(MEASURED_S):
                    while not pins.path.with_name(FILE_NAME).exists():  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
            through.append(_used(before, at.sent()))

        for _ in range(2):
            await at.visitor.run(visit())
        assert through == ["far", "near"]


async def test_a_page_that_needs_a_relay_has_the_near_one_from_its_second_visit_on(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as at:
        through: list[str] = []

        async def visit(browser: Browser, *, measures: bool) -> None:
            before = at.sent()
            tab = await browser.open(at.box.url)
            await tab.wait_for("() => document.title === 'lab'", timeout_s=PAGE_TIMEOUT_S)
            await tab.evaluate(f"async () => (await fetch('/{DOWN_BYTES}')).arrayBuffer() && 0")
            if measures:
                await tab.wait_for(MEASURED, within="top", timeout_s=MEASURED_S)
            await tab.close()
            through.append(_used(before, at.sent()))

        async def visits() -> None:
            async with edge_of_its_own(at.visitor):
                browser = await Browser.launch("chromium", tmp_path / "profile")
                try:
                    for measures in (True, False):
                        await visit(browser, measures=measures)
                finally:
                    await browser.close()

        await at.visitor.run(visits())
        assert through == ["far", "near"]


MEASURED = """() => performance.getEntriesByType("resource").some(({ name, responseStatus }) =>
    new URL(name).pathname === "/__p2claw/v1/visit/near" && responseStatus === 204)"""


def _used(before: tuple[int, int], after: tuple[int, int]) -> str:
    """Which relays have carried the visit: each byte leaves one once."""
    far, near = (now - was for was, now in zip(before, after, strict=True))
    if min(far, near) > DOWN_BYTES / 10 or max(far, near) < DOWN_BYTES / 2:
        return f"{far} and {near} bytes"
    return "far" if far > near else "near"
