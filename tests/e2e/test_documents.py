"""Documents of all sorts are shown as the app means them."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.support.browser import Browser, until


async def test_a_compressed_page_and_its_script_are_unpacked(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/zipped", "A zipped page")).tab
    await tab.wait_for("() => document.title === 'Unzipped'")


async def test_a_policy_of_the_app_holds_for_its_scripts(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/strict", "A strict page")).tab
    await tab.wait_for("() => document.readyState === 'complete'")
    assert await tab.evaluate("() => document.title") == "Own script"


async def test_a_frame_in_a_page_of_the_app_is_filled(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/strict", "A strict page")).tab
    inner = "() => document.querySelector('iframe').contentDocument?.body?.innerText"
    assert "This is page 1" in await tab.wait_for(inner)


async def test_a_link_without_a_response_to_show_leaves_the_page(
    browser: Browser, site: Site
) -> None:
    tab = (await visit(browser, f"{site.url}/page/2", "This is page 2")).tab
    await tab.click("#nothing")
    await until(
        lambda: [seen.status for seen in site.asked_for("/status/204")] == [204],
        timeout_s=10,
        what="the app is asked",
    )
    await tab.click("#push")
    await tab.wait_for("() => location.search === '?pushed=yes'", within="top")
    assert "This is page 2" in await tab.text()


async def test_a_link_to_another_site_takes_the_whole_tab_there(
    browser: Browser, site: Site
) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await tab.click("#away")
    await tab.wait_for_text("This is page 30", within="top")
    port = site.probe.port
    assert await tab.evaluate("() => location.port", within="top") == str(port)
