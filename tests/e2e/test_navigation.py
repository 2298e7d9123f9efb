"""Moving about in the app as in any site: links, back and forward, titles, tabs."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser

BACK = "() => history.back()"
FORWARD = "() => history.forward()"
TOP_PATH = "() => location.pathname + location.search"


async def test_following_a_link_moves_the_address_bar(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await tab.click("#next")
    await tab.wait_for_text("This is page 1")
    await tab.wait_for(f"() => ({TOP_PATH})() === '/page/1'", within="top")


async def test_back_and_forward_go_through_the_pages(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await tab.click("#next")
    await tab.wait_for_text("This is page 1")
    await tab.wait_for(f"() => ({TOP_PATH})() === '/page/1'", within="top")
    await tab.evaluate(BACK, within="top")
    await tab.wait_for_text("This is page 0")
    await tab.wait_for(f"() => ({TOP_PATH})() === '/'", within="top")
    await tab.evaluate(FORWARD, within="top")
    await tab.wait_for_text("This is page 1")
    await tab.wait_for(f"() => ({TOP_PATH})() === '/page/1'", within="top")


async def test_back_undoes_what_the_app_pushed(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/page/4", "This is page 4")).tab
    await tab.click("#push")
    await tab.wait_for(f"() => ({TOP_PATH})() === '/page/4?pushed=yes'", within="top")
    await tab.evaluate(BACK, within="top")
    await tab.wait_for("() => document.getElementById('where').textContent === '/page/4'")
    await tab.wait_for(f"() => ({TOP_PATH})() === '/page/4'", within="top")
    assert len(site.asked_for("/page/4")) == 1


async def test_the_tab_carries_the_title_of_the_app(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/page/5", "This is page 5")).tab
    await tab.wait_for("() => document.title === 'Page 5'", within="top")
    await tab.click("#push")
    await tab.wait_for("() => document.title === 'Pushed 5'", within="top")


async def test_closing_one_tab_leaves_the_other_working(browser: Browser, site: Site) -> None:
    first = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    second = (await visit(browser, f"{site.url}/page/1", "This is page 1")).tab
    await first.close()
    await second.click("#next")
    await second.wait_for_text("This is page 2")
