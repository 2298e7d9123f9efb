"""What a visitor sees who needs a relay, of a box that has used up what may be relayed for it."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import p2claw
from tests.lab import cells, services
from tests.lab.events import NO_PATH
from tests.lab.host import Host
from tests.lab.laboratory import laboratory
from tests.lab.services import Box
from tests.support.browser import Browser
from tests.support.own_namespace import needs_namespaces
from tests.support.turn import LOG

pytestmark = [
    needs_namespaces("nft", "conntrack"),
    # Besides, an attempt lasts 15 s where no path is found.
    pytest.mark.timeout(240),
]

SHOTS = Path(__file__).parents[1] / "e2e" / "shots" / "relay"
LOOKS = {
    "desktop-light": (1280, 800, "light"),
    "desktop-dark": (1280, 800, "dark"),
    "phone-light": (390, 844, "light"),
    "phone-dark": (390, 844, "dark"),
}
COUNTED_S = 30.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A visitor and a box that reach each other through a relay alone; its coturn is counted."""

    visitor: Host
    box: Box
    home: Path

    async def quota(self, *options: str) -> dict[str, Any]:
        """Of the box, as the operator sets it."""
        status = await self.box.agent.api.get("/v1/status")
        words = ("server", "--data", str(self.home / "server"), "quota", status["alias"])
        ran = await asyncio.to_thread(p2claw, self.home, *words, *options, "--json")
        facts: dict[str, Any] = ran.json
        return facts


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    async with laboratory() as lab, AsyncExitStack() as ends:
        relay = services.relay(folder, "--verbose")
        await ends.enter_async_context(lab.server.hold(relay))
        counting = ("--turn-log", str(folder / LOG))
        server = services.coordinator(lab.server, folder, *counting, relays=True)
        await ends.enter_async_context(server)
        visitor, host = await lab.host("visitor", NO_PATH), await lab.host("box", NO_PATH)
        box = await ends.enter_async_context(services.box(host, folder / "box"))
        yield Scene(visitor, box, folder)


async def test_a_visitor_reads_that_the_budget_is_used_up_once_a_real_relay_has_moved_it(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as at:
        await at.quota("--relayed-per-day", "2MB")
        visit = await cells.by_fetch(at.visitor, at.box)
        assert (visit.outcome, visit.whole) == ("relayed", True)
        async with asyncio.timeout(COUNTED_S):
            while not (await at.quota())["relay_used_up"]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.5)
        budget = (await at.box.agent.api.get("/v1/status"))["relay_budget"]
        assert budget["day"]["remaining_bytes"] == 0 and budget["used_up"]
        refused = await cells.by_fetch(at.visitor, at.box)
        assert refused.code == "relay-budget"
        assert "used up" in await at.visitor.run(_read(at, tmp_path / "profile"))


async def _read(at: Scene, profile: Path) -> str:
    """What the page says, of which pictures are taken."""
    async with cells.edge_of_its_own(at.visitor):
        browser = await Browser.launch("chromium", profile)
        try:
            tab = await browser.open(at.box.url, within="top")
            SHOTS.mkdir(parents=True, exist_ok=True)
            text = await tab.wait_for_text("relay-budget", within="top", timeout_s=60)
            for name, (width, height, scheme) in LOOKS.items():
                size = {"width": width, "height": height, "deviceScaleFactor": 1}
                size["mobile"] = width < 600
                await tab.cdp("Emulation.setDeviceMetricsOverride", **size)
                feature = {"name": "prefers-color-scheme", "value": scheme}
                await tab.cdp("Emulation.setEmulatedMedia", features=[feature])
                # The driver's own picture is of the window, whatever is emulated in it.
                picture = await tab.cdp("Page.captureScreenshot")
                (SHOTS / f"budget-{name}.png").write_bytes(b64decode(picture["data"]))
            return text
        finally:
            await browser.close()
