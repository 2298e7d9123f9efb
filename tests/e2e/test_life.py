"""Workers that are stopped, tabs that come in numbers and go, and a browser set to pass us by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.acts.events import listen, received, wait_for_events
from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser, Tab

TABS = 20
LENGTH = 40_000_000
STOP_LOOKS = 500
GET = "path => fetch(path).then((response) => response.text())"
GET_TEN = """path => Promise.all(Array.from({ length: 10 }, () => fetch(path)
    .then(async (response) => (await response.text()).includes("This is page 1"), String)))"""
DOWNLOAD = """path => {
    window.got = 0;
    window.ended = "";
    (async () => {
        const reader = (await fetch(path)).body.getReader();
        for (;;) {
            const { value, done } = await reader.read();
            if (done) break;
            got += value.length;
            if (got > 1_000_000 && !window.go) await new Promise((go) => { window.go = go; });
        }
    })().then(() => { ended = "whole"; }, (error) => { ended = error.name; });
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(tmp_path: Path) -> AsyncIterator[Browser]:
    """The browser whose tools stop a Service Worker, and make requests pass it by."""
    browser = await Browser.launch("chromium", tmp_path)
    yield browser
    await browser.close()


async def stop_worker(tab: Tab) -> None:
    """What is asked of a worker that is about to stop fails: so it is waited for."""
    before = await _workers(tab)
    assert before
    await tab.cdp("ServiceWorker.enable")
    await tab.cdp("ServiceWorker.stopAllWorkers")
    for _ in range(STOP_LOOKS):
        if not before & await _workers(tab):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the Service Worker goes on")


async def _workers(tab: Tab) -> set[str]:
    """The ids of the Service Workers that run, as the browser's tools name them."""
    found = await tab.cdp("Target.getTargets")
    return {one["targetId"] for one in found["targetInfos"] if one["type"] == "service_worker"}


async def test_a_worker_that_was_stopped_idle_replies_to_all_who_ask_at_once(
    chromium: Browser, site: Site
) -> None:
    tab = (await visit(chromium, f"{site.url}/", "This is page 0")).tab
    await stop_worker(tab)
    assert await tab.evaluate(GET_TEN, "/page/1") == 10 * [True]


async def test_events_go_on_after_their_worker_was_stopped(chromium: Browser, site: Site) -> None:
    tab = (await visit(chromium, f"{site.url}/", "This is page 0")).tab
    await listen(tab, "/events")
    before = await wait_for_events(tab, 3)
    await stop_worker(tab)
    await tab.wait_for("() => window.testEvents.opens === 2")
    await wait_for_events(tab, before.count + 5)
    assert (await received(tab)).errors == 1


async def test_a_download_whose_worker_is_stopped_fails_and_never_ends_short(
    chromium: Browser, site: Site
) -> None:
    tab = (await visit(chromium, f"{site.url}/", "This is page 0")).tab
    await tab.evaluate(DOWNLOAD, f"/bytes/{LENGTH}")
    await tab.wait_for("() => !!window.go")
    await stop_worker(tab)
    await tab.evaluate("() => window.go()")
    ended = await tab.wait_for("() => window.ended")
    assert (ended, await tab.evaluate("() => window.got") == LENGTH) in (
        ("TypeError", False),
        ("whole", True),
    )
    assert "This is page 1" in await tab.evaluate(GET, "/page/1")


@pytest.mark.timeout(240)
async def test_twenty_tabs_of_one_app_all_work(browser: Browser, site: Site) -> None:
    tabs = [(await visit(browser, f"{site.url}/", "This is page 0")).tab for _ in range(TABS)]
    for number, tab in enumerate(tabs):
        assert f"This is page {number}" in await tab.evaluate(GET, f"/page/{number}")
    # Whatever a tab was asked for goes with it, and the others go on.
    for tab in tabs[1:]:
        await tab.close()
    assert "This is page 2" in await tabs[0].evaluate(GET, "/page/2")


async def test_who_bypasses_the_worker_reads_one_page_about_it(
    chromium: Browser, site: Site
) -> None:
    tab = (await visit(chromium, f"{site.url}/", "This is page 0")).tab
    await tab.cdp("Network.enable")
    await tab.cdp("Network.setBypassServiceWorker", bypass=True)
    await tab.evaluate("() => { location.href = '/page/1' }")
    text = "The service worker is bypassed"
    await tab.wait_for_text(text, within="top")
    # What came into the frame is no page of the app, and takes nothing from view when it is whole.
    await tab.wait_for("() => document.readyState === 'complete'", within="app")
    assert text in await tab.text(within="top")
    await tab.reload()
    await tab.wait_for_text(text, within="top")
    assert await tab.evaluate("() => frames.length", within="top") <= 1
    await tab.cdp("Network.setBypassServiceWorker", bypass=False)
    await tab.reload()
    await tab.wait_for_text("This is page")
