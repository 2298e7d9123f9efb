"""Back, forward and reload lead where they lead in any site, and bring back what was there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.travel import Travel, travel_app
from tests.support.browser import Browser, Tab

PATH = "() => location.pathname + location.search"
NAVIGATION = "() => performance.getEntriesByType('navigation')[0].type"
FIELDS = """() => ({ text: text.value, secret: secret.value, off: off.value, tick: tick.checked,
  choice: choice.value, area: area.value, free: free.innerHTML, y: Math.round(scrollY) })"""


@pytest_asyncio.fixture(loop_scope="session")
async def travel(shared_stack: Stack, fresh_name: str) -> AsyncIterator[tuple[Travel, str]]:
    async with travel_app() as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        yield app, address.url.rstrip("/")
        await shared_stack.unexpose(fresh_name)


async def _at(tab: Tab, path: str) -> None:
    await tab.wait_for(f"path => ({PATH})() === path", path, within="top")
    await tab.wait_for(f"path => ({PATH})() === path && document.readyState === 'complete'", path)


async def test_back_to_a_form_brings_back_what_was_typed(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/form", "A form")).tab
    for name, text in (("text", "typed"), ("secret", "hidden"), ("off", "no"), ("area", "long")):
        await tab.type(f"#{name}", text)
    await tab.click("#tick")
    await tab.evaluate("() => { choice.value = 'two'; free.innerHTML = '<b>own</b>'; }")
    await tab.evaluate("() => { scrollTo(0, 500); document.getElementById('on').click(); }")
    await _at(tab, "/plain")
    await tab.back()
    await _at(tab, "/form")
    await tab.wait_for("() => scrollY > 0")
    assert await tab.evaluate(FIELDS) == {
        "text": "typed",
        "secret": "",
        "off": "",
        "tick": True,
        "choice": "two",
        "area": "long",
        "free": "<b>own</b>",
        "y": 500,
    }
    assert await tab.evaluate(NAVIGATION) == "back_forward"


async def test_forward_brings_back_what_was_typed_there(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/plain", "Plain")).tab
    await tab.evaluate("() => { location.href = '/form'; }")
    await _at(tab, "/form")
    await tab.type("#text", "typed")
    await tab.back()
    await _at(tab, "/plain")
    await tab.forward()
    await _at(tab, "/form")
    await tab.wait_for("() => text.value === 'typed'")


async def test_a_reload_is_known_as_one_and_keeps_the_place(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/plain", "Plain")).tab
    assert await tab.evaluate(NAVIGATION) == "navigate"
    await tab.evaluate("() => scrollTo(0, 700)")
    await tab.wait_for("() => history.state?.kept?.scroll[1] === 700", within="top")
    await tab.reload()
    await tab.wait_for_text("Plain")
    await tab.wait_for("() => Math.round(scrollY) === 700")
    kinds = await tab.evaluate(f"() => [({NAVIGATION})(), performance.navigation.type]")
    assert kinds == ["reload", 1]


async def test_back_after_a_reload_leads_to_the_page_before(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/plain?a", "Plain /plain?a")).tab
    await tab.click("#on")
    await _at(tab, "/plain")
    await tab.reload()
    await tab.wait_for_text("Plain /plain")
    await tab.back()
    await _at(tab, "/plain?a")
    await tab.forward()
    await _at(tab, "/plain")


async def test_after_a_reload_the_steps_of_one_document_stay_its_steps(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = (await visit(browser, f"{url}/spa", "A single page")).tab
    before = await tab.evaluate("() => [history.length, history.state]")
    await tab.click("#one")
    await _at(tab, "/spa?view=one")
    assert await tab.evaluate("() => history.length") == before[0] + 1
    await tab.reload()
    await tab.wait_for_text("/spa?view=one")
    assert await tab.evaluate("() => history.state") == {"n": before[0]}
    loads = [path for _, path, _ in app.asked if path.startswith("/spa")]
    await tab.back()
    await tab.wait_for("() => where.textContent === '/spa'")
    assert await tab.evaluate("() => events") == ["popstatenull"]
    assert [path for _, path, _ in app.asked if path.startswith("/spa")] == loads


async def test_back_over_a_fragment_fires_events_in_the_order_of_browsers(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/spa", "A single page")).tab
    await tab.click("#hash")
    await tab.wait_for("() => location.hash === '#part'", within="top")
    await tab.evaluate("() => { events.length = 0; history.back(); }")
    await tab.wait_for("() => location.hash === '' && events.length === 2")
    assert await tab.evaluate("() => events") == ["popstatenull", "hashchange"]


async def test_staying_on_a_page_with_unsaved_work_stays_in_the_address_bar(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/plain", "Plain")).tab
    await tab.evaluate("() => { location.href = '/dirty'; }")
    await _at(tab, "/dirty")
    await tab.click("#press")  # browsers ask only where a person did something
    await tab.dialogs(accept=False)
    await tab.back()
    await tab.wait_for("() => location.pathname === '/plain'", within="top")
    await tab.wait_for("() => location.pathname === '/dirty'", within="top")
    assert await tab.dialogs(accept=True) == ["beforeunload"]
    assert "A dirty page" in await tab.text()
    await tab.back()
    await _at(tab, "/plain")


async def test_history_go_takes_several_steps_at_once(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/plain?1", "Plain")).tab
    for number in (2, 3, 4):
        await tab.evaluate("to => { location.href = to; }", f"/plain?{number}")
        await _at(tab, f"/plain?{number}")
    await tab.evaluate("() => history.go(-3)")
    await _at(tab, "/plain?1")
    await tab.evaluate("() => history.go(2)")
    await _at(tab, "/plain?3")
    await tab.evaluate("() => location.replace('/plain?5')")
    await _at(tab, "/plain?5")
    await tab.evaluate("() => history.back()")
    await _at(tab, "/plain?2")


async def test_what_led_to_a_page_is_its_referrer(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = (await visit(browser, f"{url}/form", "A form")).tab
    assert await tab.evaluate("() => document.referrer") == ""
    assert "referer" not in app.fields["/form"]
    await tab.evaluate("() => { document.getElementById('on').click(); }")
    await _at(tab, "/plain")
    assert await tab.evaluate("() => document.referrer") == f"{url}/form"
    await tab.reload()
    await tab.wait_for_text("Plain")
    assert await tab.evaluate("() => document.referrer") == f"{url}/form"
    assert app.fields["/plain"]["referer"] == f"{app.upstream}/form"


async def test_the_page_has_the_focus_as_soon_as_its_tab_has(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    tab = (await visit(browser, f"{travel[1]}/spa", "A single page")).tab
    assert await tab.evaluate("() => document.hasFocus()") is True
