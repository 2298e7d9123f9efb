"""The stage of the page bench: one browser, nginx with the site, and the site through p2claw.

If there is another bootstrap to compare with, it has a server and an agent of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.page.site import LOCATIONS, write_site
from bench.path import bench_folder
from p2claw.errors import P2clawError, UsageError
from tests.e2e.stack import Stack, stack
from tests.support.browser import DRIVER, Browser, BrowserError, Kind, Tab, Within
from tests.support.nginx import nginx

PROGRAMS: dict[Kind, str] = {"chromium": "chromium", "firefox": "firefox-esr"}
# Chromium names its addresses by mDNS, which not every sender resolves in the same time.
FLAGS = ("--disable-features=WebRtcHideLocalIpsWithMdns",)
_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Side:
    """One way to the site. within: where its documents are in a tab."""

    name: str
    within: Within


DIRECT = Side("direct", "top")
P2CLAW = Side("p2claw", "app")
OLD = Side("p2claw-old", "app")


@dataclass(frozen=True, slots=True)
class Scene:
    """stacks: by the name of their side."""

    kind: Kind
    browser: Browser
    stacks: dict[str, Stack]
    port: int
    megabytes: int
    exposed: list[str] = field(default_factory=list)

    @property
    def sides(self) -> tuple[Side, ...]:
        """In the order of a run: what is compared is side by side."""
        return (DIRECT, *(side for side in (OLD, P2CLAW) if side.name in self.stacks))

    async def fresh_origin(self, side: Side) -> str:
        """A URL without a slash at its end, of an origin that the browser has never seen."""
        name = f"bench{next(_names)}"
        if side is DIRECT:
            return f"http://{name}.localhost:{self.port}"
        address = await self.stacks[side.name].expose(name, f"http://127.0.0.1:{self.port}")
        self.exposed.append(name)
        return address.url.rstrip("/")

    async def open(self, side: Side, url: str) -> Tab:
        """A tab whose page has loaded."""
        path = urlsplit(url).path
        tab = await self.browser.open(url, within=side.within)
        loaded = (
            "path => location.pathname === path"
            " && performance.getEntriesByType('navigation')[0]?.loadEventEnd > 0"
        )
        await tab.wait_for(loaded, path)
        return tab


@contextlib.asynccontextmanager
async def page_scene(kind: Kind, megabytes: int, old: Path | None) -> AsyncIterator[Scene]:
    """old: a folder that `build.mjs --out` has filled.

    Raises UsageError `browser-missing` or `driver-missing`, P2clawError `browser-failed`."""
    need_browser(kind)
    with bench_folder() as folder:
        write_site(folder, megabytes)
        async with contextlib.AsyncExitStack() as running:
            port = await running.enter_async_context(
                nginx(folder, requests_a_connection=1_000_000, locations=LOCATIONS)
            )
            stacks = {P2CLAW.name: await running.enter_async_context(stack(folder))}
            if old is not None:
                (folder / "old").mkdir()
                beside = stack(folder / "old", bootstrap=old)
                stacks[OLD.name] = await running.enter_async_context(beside)
            browser = await Browser.launch(
                kind,
                folder / "browser",
                flags=FLAGS if kind == "chromium" else (),
                reports=False,
            )
            try:
                yield Scene(kind, browser, stacks, port, megabytes)
            except BrowserError as error:
                raise P2clawError(str(error), code="browser-failed") from error
            finally:
                await browser.close()


def need_browser(kind: Kind) -> None:
    """Raises UsageError `browser-missing` or `driver-missing`."""
    if shutil.which(PROGRAMS[kind]) is None:
        raise UsageError(f"{kind} is not installed", code="browser-missing", hint="Run `make test`")
    if not (DRIVER.parents[1] / "e2e" / "node_modules" / "puppeteer-core").exists():
        raise UsageError(
            "the driver of the browsers is not installed",
            code="driver-missing",
            hint="Run `npm ci` in tests/e2e",
        )
