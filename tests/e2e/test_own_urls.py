"""An app that calls itself `http://localhost:PORT` in its pages is the app for a far visitor too.

The browser here could reach that port by itself, which a far one cannot: so what is looked at is
that nothing but the agent has asked the app.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import CannedApp, canned_app
from tests.e2e.upstreams.self_naming import SELF_NAMING
from tests.support.browser import Browser, Tab


@pytest_asyncio.fixture(loop_scope="session")
async def app(shared_stack: Stack, fresh_name: str) -> AsyncIterator[CannedApp]:
    async with canned_app(SELF_NAMING) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def tab(
    app: CannedApp, browser: Browser, shared_stack: Stack, fresh_name: str
) -> AsyncIterator[Tab]:
    address = await shared_stack.expose(fresh_name, app.upstream)
    yield (await visit(browser, address.url, "It calls itself")).tab
    # What came past the link would have no field of the agent's. A frame that stands in the page
    # may have set out by itself before it is put right: no script of a page can be before that.
    strays = [seen.target for seen in app.server.requests if not seen.values("x-forwarded-for")]
    strays = [target for target in strays if target != "/inner"]
    await shared_stack.unexpose(fresh_name)
    assert strays == []


async def test_what_a_page_loads_by_the_apps_own_name_comes_over_the_link(tab: Tab) -> None:
    await tab.wait_for("() => document.readyState === 'complete'")
    color = "() => getComputedStyle(document.querySelector('#styled')).color"
    assert await tab.evaluate(color) == "rgb(1, 2, 3)"
    assert await tab.evaluate("() => window.ran")
    assert await tab.evaluate("() => document.querySelector('#picture').naturalWidth") == 7
    inner = "() => document.querySelector('#inner').contentDocument?.body.innerText"
    assert await tab.wait_for(inner) == "inner page"


async def test_a_script_follows_the_urls_that_the_app_gave_it(tab: Tab) -> None:
    follow = """async () => {
      const first = await fetch('/api/items');
      const link = /<(.*)>/.exec(first.headers.get('link'))[1];
      const named = await fetch((await first.json()).next, { headers: { 'x-any': '1' } });
      const linked = await fetch(new URL(link));
      return [(await named.json()).items, (await linked.json()).items, named.url];
    }"""
    named, linked, url = await tab.evaluate(follow)
    assert (named, linked) == ([2], [2])
    assert url == await tab.evaluate("() => location.origin + '/api/items?page=2'")


async def test_xhr_and_a_worker_go_by_the_apps_own_name_too(tab: Tab, app: CannedApp) -> None:
    ask = """own => new Promise(resolve => {
      const ask = new XMLHttpRequest();
      ask.onload = () => {
        const worker = new Worker(own + '/static/w.js');
        worker.onmessage = event => resolve([ask.responseText, event.data]);
      };
      ask.onerror = () => resolve('failed');
      ask.open('POST', own + '/next');
      ask.send('crab');
    })"""
    text, report = await tab.evaluate(ask, app.upstream)
    assert "POST /next crab" in text
    assert report == "a worker ran"


async def test_a_link_to_the_apps_own_name_stays_in_the_app(tab: Tab) -> None:
    await tab.click("#link")
    await tab.wait_for_text("Arrived: GET /next?by=link")
    await tab.wait_for("() => location.pathname === '/next'", within="top")


async def test_a_form_of_the_apps_own_name_is_sent_to_the_app(tab: Tab) -> None:
    await tab.click("#form button")
    await tab.wait_for_text("Arrived: POST /take a=b")


async def test_a_script_that_goes_to_the_apps_own_name_stays_in_the_app(
    tab: Tab, app: CannedApp
) -> None:
    await tab.evaluate("own => { location.href = own + '/next?by=script'; }", app.upstream)
    await tab.wait_for_text("Arrived: GET /next?by=script")
    await tab.wait_for("() => location.pathname === '/next'", within="top")


async def test_the_history_shows_the_apps_own_name(tab: Tab, app: CannedApp) -> None:
    await tab.evaluate("own => history.pushState(null, '', own + '/pushed')", app.upstream)
    await tab.wait_for("() => location.pathname === '/pushed'", within="top")
