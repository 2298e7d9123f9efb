"""Does every case in one browser at a direct server and through p2claw, and notes what came."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from tests.cross_site.cases import CASES, Case
from tests.cross_site.judge import NOTHING, Seen, seen
from tests.e2e.acts.visit import visit
from tests.e2e.stack import stack
from tests.e2e.upstreams.neighbours import Neighbour, neighbour
from tests.support.browser import Browser, BrowserError, Kind

# How long a request may take to come; through p2claw a frame of another site opens a link first.
COMES_S = {"direct": 3.0, "through": 10.0}
COOKIES = """() => {
  document.cookie = "lax=1; SameSite=Lax";
  document.cookie = "strict=1; SameSite=Strict";
}"""

# By the name of a case, then by side.
Received = dict[str, dict[str, Seen]]
Say = Callable[[str], None]


async def run(kind: Kind, folder: Path, cases: tuple[Case, ...], say: Say) -> Received:
    """The app is visited first, so that its cookies and its Service Worker are there."""
    received: Received = {case.name: {} for case in cases}
    async with neighbour() as victim, neighbour() as evil, stack(folder) as running:
        through = (await running.expose("victim", victim.upstream)).url.rstrip("/")
        page = f"http://127.0.0.1:{evil.port}/"
        browser = await Browser.launch(kind, folder / kind)
        try:
            for side, url in (("direct", f"http://localhost:{victim.port}"), ("through", through)):
                if side == "direct":
                    own = await browser.open(f"{url}/", within="top")
                else:
                    own = (await visit(browser, url, "A neighbour", timeout_s=60)).tab
                await own.evaluate(COOKIES)
                for number, case in enumerate(cases):
                    id = f"{side}-{number}"
                    got = await received_of(browser, victim, page, case, url, id)
                    received[case.name][side] = got
                    say(f"{kind} {side} {case.name}: {got.text}")
                    await browser.close_tabs()
        finally:
            await browser.close()
    return received


async def received_of(
    browser: Browser, victim: Neighbour, page: str, case: Case, url: str, id: str
) -> Seen:
    """What the victim, which is at url, receives of a case. page: of the other site."""
    with contextlib.suppress(BrowserError):
        await _act(browser, page, case, f"{url}{case.path}?case={id}")
    return await _came(victim, id, url, COMES_S[id.partition("-")[0]])


async def _act(browser: Browser, page: str, case: Case, url: str) -> None:
    tab = await browser.open(page, within="top")
    await tab.evaluate(case.act, url)
    if await tab.evaluate("() => document.getElementById('go') !== null"):
        await tab.click("#go")


async def _came(victim: Neighbour, id: str, own: str, seconds: float) -> Seen:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for one in victim.received:
            query = one.target.partition("?")[2]
            if f"case={id}" in query.split("&") and one.method != "OPTIONS":
                return seen(one.method, one.fields, own)
        await asyncio.sleep(0.05)
    return Seen(NOTHING)


def chosen(pattern: str) -> tuple[Case, ...]:
    """The cases with this in their name."""
    return tuple(case for case in CASES if pattern in case.name)
