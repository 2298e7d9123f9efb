"""Somebody who has never been here opens a URL."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser


async def test_the_app_appears_without_a_reload(browser: Browser, site: Site) -> None:
    first = await visit(browser, f"{site.url}/", "This is page 0")
    assert first.documents == 1


async def test_a_deep_link_arrives_at_the_app_whole(browser: Browser, site: Site) -> None:
    visited = await visit(browser, f"{site.url}/page/7?color=red&x=%2F#part", "This is page 7")
    assert "/page/7?color=red&x=%2F#part" in await visited.tab.text()
    assert [seen.target for seen in site.asked_for("/page/7")] == ["/page/7?color=red&x=%2F"]


async def test_the_second_visit_finds_the_app_again(browser: Browser, site: Site) -> None:
    first = await visit(browser, f"{site.url}/", "This is page 0")
    await first.tab.close()
    second = await visit(browser, f"{site.url}/page/2", "This is page 2")
    assert second.documents == 1


async def test_reloading_shows_the_same_page_again(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/page/3", "This is page 3")).tab
    await tab.reload()
    await tab.wait_for_text("This is page 3")
    assert len(site.asked_for("/page/3")) == 2
