"""The coordinator dies without a word in the middle of everything."""

from __future__ import annotations

from tests.e2e.acts.transfer import finish_download, start_download
from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import Stack
from tests.support.browser import Browser

SIZE = 60_000_000


async def test_a_download_survives_it_and_a_new_visitor_gets_in_after_the_restart(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    tab = (await visit(browser, address.url, "This is page 0")).tab
    await start_download(tab, f"/bytes/{SIZE}")
    await tab.wait_for("() => window.testDownload.total > 1000000")
    await own_stack.kill("server")
    got = await finish_download(tab)
    assert (got.total, got.wrong, got.error) == (SIZE, -1, "")

    await own_stack.start_server()
    later = (await visit(browser, f"{address.url.rstrip('/')}/page/1", "This is page 1")).tab
    assert later is not tab
