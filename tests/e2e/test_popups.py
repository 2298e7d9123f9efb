"""Windows that an app opens: each side has the other as it would without us."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.travel import Travel, travel_app
from tests.support.browser import Browser

OPENER = """<!doctype html><title>Opener</title><h1>Opener</h1>
  <button id=open>open</button><a id=blank target=_blank href=/popup>blank</a>
  <a id=named target=second href=/popup rel=opener>named</a>
  <script>
  window.received = [];
  addEventListener("message", (event) => received.push(
    [event.data.hello, event.source === window.w, event.origin === location.origin]));
  document.getElementById("open").onclick = () => {
    window.w = window.open("/popup", "second", "width=400,height=300");
  };
  </script>"""
POPUP = """<!doctype html><title>Popup</title><h1>Popup</h1>
  <script>
  window.someGlobal = { crab: 7 };
  window.add = (a, b) => a + b;
  window.received = [];
  addEventListener("message", (event) => {
    const { data, source, isTrusted } = event;
    received.push([data.to, source === opener, isTrusted, data instanceof Object]);
    event.source.postMessage({ hello: "reply" }, "*");
  });
  opener?.postMessage({ hello: "popup" }, "*");
  </script>"""
# Of another site: reports what it receives.
STRANGER = """<!doctype html><title>Stranger</title><h1>Stranger</h1><script>
  window.received = [];
  addEventListener("message", (event) =>
    received.push([event.data.hello, event.source === window.w]));
  </script>"""


@pytest_asyncio.fixture(loop_scope="session")
async def travel(shared_stack: Stack, fresh_name: str) -> AsyncIterator[tuple[Travel, str]]:
    pages = {"/opener": OPENER, "/popup": POPUP, "/stranger": STRANGER}
    async with travel_app(pages) as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        yield app, address.url.rstrip("/")
        await shared_stack.unexpose(fresh_name)


async def test_a_popup_and_its_opener_have_each_other(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/opener", "Opener")).tab
    await tab.click("#open")
    await tab.wait_for("() => received.length === 1")
    assert await tab.evaluate("() => received[0]") == ["popup", True, True]
    seen = """() => [w.someGlobal.crab, w.add(1, 2), w.name, w.closed, w.opener === window,
        w.document.title, w.location.pathname, "someGlobal" in w, w.document.forms.length]"""
    assert await tab.evaluate(seen) == [7, 3, "second", False, True, "Popup", "/popup", True, 0]
    await tab.evaluate("() => w.postMessage({ to: 'popup' }, '*')")
    await tab.wait_for("() => received.length === 2")
    assert await tab.evaluate("() => received[1]") == ["reply", True, True]
    assert await tab.evaluate("() => w.received") == [["popup", True, True, True]]
    popup = await browser.adopt()
    names = "() => [window.name, opener.document.title, document.referrer]"
    assert await popup.evaluate(names) == ["second", "Opener", f"{travel[1]}/opener"]


async def test_a_window_of_the_same_name_is_the_same(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/opener", "Opener")).tab
    await tab.click("#open")
    await tab.wait_for("() => received.length === 1")
    await tab.evaluate("() => { window.again = window.open('/plain?again', 'second'); }")
    await tab.wait_for("() => again === w && w.location.search === '?again'")
    await tab.evaluate("() => { w.location = '/plain?set'; }")
    await tab.wait_for("() => w.location.search === '?set' && w.document.title.startsWith('Plain')")
    popup = await browser.adopt()
    await popup.wait_for("() => location.search === '?set'", within="top")


async def test_a_popup_is_closed_by_either_side(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/opener", "Opener")).tab
    await tab.click("#open")
    await tab.wait_for("() => received.length === 1")
    await tab.evaluate("() => w.close()")
    await tab.wait_for("() => w.closed")
    await tab.click("#open")
    await tab.wait_for("() => received.length === 2 && !w.closed")
    await tab.evaluate("() => w.eval('window.close()')")
    await tab.wait_for("() => w.closed")


async def test_a_link_to_a_new_tab_is_its_referrer_and_no_opener(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = (await visit(browser, f"{url}/opener", "Opener")).tab
    await tab.click("#blank")
    await tab.wait_for("() => true")
    popup = await browser.adopt()
    await popup.wait_for_text("Popup")
    facts = await popup.evaluate("() => [document.referrer, opener]")
    assert facts == [f"{url}/opener", None]
    assert app.fields["/popup"]["referer"] == f"{app.upstream}/opener"
    assert app.fields["/popup"]["sec-fetch-site"] == "same-origin"


async def test_an_empty_popup_can_be_written_to(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/opener", "Opener")).tab
    write = """() => { window.w = window.open("", "empty"); w.document.write("<p id=p>written");
        w.document.close(); return w.document.getElementById("p").textContent; }"""
    assert await tab.evaluate(write) == "written"


async def test_another_site_that_opened_the_app_gets_it_from_the_window_it_opened(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    await visit(browser, f"{url}/plain", "Plain")
    other = await browser.open(f"{app.upstream}/stranger", within="top")
    await other.evaluate("url => { window.w = window.open(url); }", f"{url}/popup")
    await other.wait_for("() => received.length === 1")
    assert await other.evaluate("() => received") == [["popup", True]]
    await other.evaluate("() => w.postMessage({ to: 'popup' }, '*')")
    await other.wait_for("() => received.length === 2")
    assert await other.evaluate("() => received[1]") == ["reply", True]
    popup = await browser.adopt()
    assert await popup.evaluate("() => received.map(([to, source]) => [to, source])") == [
        ["popup", True]
    ]


async def test_a_tab_that_left_for_another_site_comes_back_with_its_opener(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    _, url = travel
    tab = (await visit(browser, f"{url}/opener", "Opener")).tab
    async with travel_app() as other:
        away = f"{other.upstream}/plain?login"
        await tab.evaluate("url => { window.w = window.open(url, 'login'); }", away)
        popup = await browser.adopt(within="top")
        await popup.wait_for_text("Plain /plain?login")
        await popup.evaluate("url => { location.href = url; }", f"{url}/popup?code=1")
        await tab.wait_for("() => received.length === 1")
    assert await tab.evaluate("() => received[0]") == ["popup", True, True]
    assert await tab.evaluate("() => w.location.search") == "?code=1"
