"""The host of a box, without an app's name, lists what it shares."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.e2e.conftest import Site
from tests.support.browser import Browser


async def test_the_page_of_a_box_leads_to_its_apps(browser: Browser, site: Site) -> None:
    alias = urlsplit(site.url).netloc.partition("-")[2]
    tab = await browser.open(f"http://{alias}/", within="top")
    await tab.wait_for_text(site.app)
    link = f"a[href*='{site.app}-']"
    await tab.click(link)
    await tab.wait_for_text("This is page 0", within="app")
