"""What an app does to its `top` is done to the app; its forms are as of a page at the top."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.travel import Travel, travel_app
from tests.support.browser import Browser

BUSTERS = {
    "/bust/location": "if (top !== self) top.location = self.location;",
    "/bust/href": "if (window.top !== window.self) window.top.location.href = location.href;",
    "/bust/replace": "if (top != self) top.location.replace(self.location.href);",
}
HIDDEN = """<!doctype html><title>Hidden</title><style id=antiClickjack>
  body { display: none !important; }</style><script>
  if (self === top) document.getElementById("antiClickjack").remove();
  else top.location = self.location;</script><h1>No longer hidden</h1>"""
LOCAL_FORM = """<!doctype html><meta charset="{charset}"><title>Form</title><h1>Form</h1>
  <form method=post action=/posted enctype="{enctype}"><input name="ü" value="é€漢">
  <button>Send</button></form>"""


@pytest_asyncio.fixture(loop_scope="session")
async def travel(shared_stack: Stack, fresh_name: str) -> AsyncIterator[tuple[Travel, str]]:
    pages = {
        path: f"<!doctype html><title>B</title><script>{script}</script><h1>Not led away</h1>"
        for path, script in BUSTERS.items()
    }
    for enctype in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        html = LOCAL_FORM.format(charset="windows-1252", enctype=enctype)
        pages[f"/local/{enctype}"] = html
    pages["/hidden"] = HIDDEN
    async with travel_app(pages) as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        yield app, address.url.rstrip("/")
        await shared_stack.unexpose(fresh_name)


@pytest.mark.parametrize("path", BUSTERS)
async def test_an_app_that_would_not_be_framed_is_shown(
    path: str, browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = (await visit(browser, f"{url}{path}", "Not led away")).tab
    await tab.wait_for("() => document.readyState === 'complete'")
    assert [asked for _, asked, _ in app.asked].count(path) == 1


async def test_an_app_that_hides_itself_in_frames_is_seen(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    await visit(browser, f"{travel[1]}/hidden", "No longer hidden")


async def test_the_top_is_led_where_the_app_leads_it(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/plain", "Plain")).tab
    await tab.evaluate("() => { top.location = '/plain?next'; }")
    await tab.wait_for_text("Plain /plain?next")
    await tab.wait_for("() => location.search === '?next'", within="top")
    await tab.back()
    await tab.wait_for("() => location.search === '' && document.title === 'Plain /plain'")


async def test_a_form_is_sent_in_the_charset_of_its_page(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    arrived = {}
    for enctype in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        for base in (url, app.upstream):
            page = f"{base}/local/{enctype}?charset=windows-1252"
            tab = await browser.open(page, within="app" if base == url else "top")
            await tab.wait_for_text("Form")
            await tab.click("button")
            await tab.wait_for_text("Posted")
            body = app.posts("/posted")[-1]
            kind = app.fields["/posted"]["content-type"]
            if "boundary=" in kind:
                boundary = kind.partition("boundary=")[2]
                kind, body = kind.partition(";")[0], body.replace(boundary.encode(), b"B")
            arrived[enctype, base == url] = (kind, body)
    for enctype, _ in list(arrived):
        assert arrived[enctype, True] == arrived[enctype, False]
