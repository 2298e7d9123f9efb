"""The host of a box, without an app's name, lists what it shares."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

from tests.e2e.conftest import Site
from tests.support.browser import Browser


def _page_of_its_box(site: Site) -> str:
    return f"http://{urlsplit(site.url).netloc.partition('-')[2]}/"


async def test_the_page_of_a_box_leads_to_its_apps(browser: Browser, site: Site) -> None:
    tab = await browser.open(_page_of_its_box(site), within="top")
    await tab.wait_for_text(site.app)
    link = f"a[href*='{site.app}-']"
    await tab.click(link)
    await tab.wait_for_text("This is page 0", within="app")


async def test_the_page_of_a_box_says_which_apps_do_not_run(browser: Browser, site: Site) -> None:
    asleep = f"asleep-{site.app}"
    lines = "() => [...document.querySelectorAll('.apps a')].map((a) => a.innerText)"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        await site.stack.expose(asleep, str(silent.getsockname()[1]))
        async with asyncio.timeout(30):
            while True:
                tab = await browser.open(_page_of_its_box(site), within="top")
                await tab.wait_for_text(asleep)
                texts = map(str.splitlines, await tab.evaluate(lines))
                await tab.close()
                shown = {name: state for name, *state in texts}
                if shown[asleep]:
                    break
    assert shown[asleep] == ["not running"] and shown[site.app] == []
