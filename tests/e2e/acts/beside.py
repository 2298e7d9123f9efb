"""The same page of the same app twice: visited through p2claw, and directly. What a script sees in
the one is what it must see in the other.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import RawApp, raw_app
from tests.support.browser import Browser, Tab

READY = "A raw page"


@dataclass(frozen=True, slots=True)
class Beside:
    """app: the upstream of both. url, direct_url: without the slash at the end."""

    browser: Browser
    app: RawApp
    url: str
    direct_url: str
    through: Tab
    direct: Tab

    async def both(self, fn: str, *args: Any, timeout_s: float = 30) -> tuple[Any, Any]:
        """What `fn` gives directly, and through p2claw."""
        seen = []
        for tab in (self.direct, self.through):
            await tab.front()
            seen.append(await tab.evaluate(fn, *args, timeout_s=timeout_s))
        return seen[0], seen[1]

    async def pages(self, path: str, fn: str) -> tuple[Any, Any]:
        """The same of a page that is opened for it."""
        ready = "path => document.readyState === 'complete' && location.pathname === path"
        direct = await self.browser.open(self.direct_url + path, within="top")
        through = await self.browser.open(self.url + path)
        await through.wait_for(ready, path)
        seen = await direct.evaluate(fn), await through.evaluate(fn)
        await direct.close()
        await through.close()
        return seen


@contextlib.asynccontextmanager
async def beside(browser: Browser, stack: Stack, name: str) -> AsyncIterator[Beside]:
    """Expose an app of its own under `name`, and open both pages."""
    async with raw_app() as app:
        url = (await stack.expose(name, app.upstream)).url.rstrip("/")
        direct_url = f"http://raw.localhost:{app.port}"
        direct = await browser.open(f"{direct_url}/", within="top")
        through = await browser.open(f"{url}/")
        await direct.wait_for_text(READY)
        await through.wait_for_text(READY)
        try:
            yield Beside(browser, app, url, direct_url, through, direct)
        finally:
            await direct.close()
            await through.close()
            await stack.unexpose(name)
