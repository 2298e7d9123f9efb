"""With `--older-browser` every realm of the browser side really lacks what it is meant to lack, and
what cannot stand in for that says so.

Collected only then: tests/e2e/conftest.py.
"""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_site, page
from tests.support.browser import Browser

ABSENT = """() => [
  "navigation", "NavigateEvent", "cookieStore", "ReadableByteStreamController",
].filter(name => name in window)"""


async def test_what_the_oldest_safari_lacks_is_gone(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, site.url, "This is page 0")).tab
    assert await tab.evaluate(ABSENT) == []
    assert await tab.evaluate(ABSENT, within="top") == []


async def test_an_app_that_leads_its_tab_away_for_ever_is_noticed(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    bust = b"<!doctype html><p>Framed</p><script>if (top !== self) top.location = location</script>"
    async with canned_site(shared_stack, fresh_name, {"/": page(bust)}) as site:
        tab = await browser.open(site.url, within="top")
        busted = "() => document.documentElement.dataset.problem === 'frame-busting'"
        await tab.wait_for(busted, within="top")
        loads = len(site.app.asked_for("/"))
        # A person who reloads it sees what the app does then, and the page again.
        await tab.reload()
        await tab.wait_for(busted, within="top")
        assert (loads, len(site.app.asked_for("/"))) == (2, 4)
