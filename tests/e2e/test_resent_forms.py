"""The response to a form is not asked for again without a question, and then by the form again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.travel import Travel, travel_app
from tests.support.browser import Browser, Tab

RESEND = "() => document.documentElement.dataset.problem === 'resend'"


@pytest_asyncio.fixture(loop_scope="session")
async def travel(shared_stack: Stack, fresh_name: str) -> AsyncIterator[tuple[Travel, str]]:
    async with travel_app() as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        yield app, address.url.rstrip("/")
        await shared_stack.unexpose(fresh_name)


async def _send(browser: Browser, url: str, path: str = "/form") -> Tab:
    tab = (await visit(browser, f"{url}{path}", "A form")).tab
    await tab.type("#text", "crab")
    await tab.click("button")
    return tab


async def test_a_reload_asks_and_then_sends_the_form_again(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = await _send(browser, url)
    await tab.wait_for_text("by POST, number 1")
    await tab.reload()
    await tab.wait_for(RESEND, within="top")
    assert len(app.posts("/posted")) == 1
    await tab.click("button", within="top")
    await tab.wait_for_text("by POST, number 2")
    first, second = app.posts("/posted")
    assert first == second
    assert first.startswith(b"text=crab&secret=&off=&choice=one&area=")


async def test_a_reload_by_the_page_itself_asks_too(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = await _send(browser, url)
    await tab.wait_for_text("by POST, number 1")
    await tab.evaluate("() => location.reload()")
    await tab.wait_for(RESEND, within="top")
    await tab.click("button", within="top")
    await tab.wait_for_text("by POST, number 2")
    assert len(app.posts("/posted")) == 2


async def test_back_to_the_response_of_a_form_asks_and_going_on_does_not(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = await _send(browser, url)
    await tab.wait_for_text("by POST, number 1")
    await tab.click("#on")
    await tab.wait_for_text("Plain")
    await tab.back()
    await tab.wait_for(RESEND, within="top")
    await tab.forward()
    await tab.wait_for("() => !document.documentElement.dataset.problem", within="top")
    assert "Plain" in await tab.text()
    await tab.back()
    await tab.wait_for(RESEND, within="top")
    assert len(app.posts("/posted")) == 1
    await tab.click("button", within="top")
    await tab.wait_for_text("by POST, number 2")


async def test_a_form_that_leads_on_is_not_asked_about(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = await _send(browser, url, "/form?next=/see-other")
    await tab.wait_for_text("Plain")
    await tab.wait_for("() => location.pathname === '/plain'", within="top")
    await tab.reload()
    await tab.wait_for_text("Plain")
    assert len(app.posts("/see-other")) == 1


async def test_a_redirect_that_keeps_the_method_keeps_the_body(
    browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    tab = await _send(browser, url, "/form?next=/keep")
    await tab.wait_for_text("by POST, number 1")
    assert app.posts("/posted") == app.posts("/keep") != [b""]
    await tab.reload()
    await tab.wait_for(RESEND, within="top")
    await tab.click("button", within="top")
    await tab.wait_for_text("by POST, number 2")


@pytest.mark.parametrize("target", ["_self", "_blank"])
async def test_a_form_of_another_site_arrives_and_can_be_sent_again(
    target: str, browser: Browser, travel: tuple[Travel, str]
) -> None:
    app, url = travel
    await visit(browser, f"{url}/plain", "Plain")  # from here on our Service Worker is there
    other = await browser.open(f"{app.upstream}/plain", within="top")
    field = "<input name=saml value=x>"
    form = f'<form method=post target={target} action="{url}/posted">{field}</form>'
    await other.evaluate(
        "html => { document.body.innerHTML = html; document.forms[0].submit(); }", form
    )
    tab = other
    if target == "_blank":
        await other.wait_for("() => true")
        tab = await browser.adopt()
    tab.within = "app"
    await tab.wait_for_text("by POST, number 1")
    assert app.posts("/posted") == [b"saml=x"]
    assert app.fields["/posted"]["content-type"] == "application/x-www-form-urlencoded"
