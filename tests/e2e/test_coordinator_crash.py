"""The coordinator dies without a word in the middle of everything."""

from __future__ import annotations

from tests.e2e.acts.transfer import finish_download, start_download
from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import Stack
from tests.support.browser import Browser

SIZE = 40_000_000


async def test_a_download_goes_on_without_it(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    tab = (await visit(browser, address.url, "This is page 0")).tab
    await start_download(tab, f"/bytes/{SIZE}")
    await tab.wait_for("() => window.testDownload.total > 1000000")
    await own_stack.kill("server")
    got = await finish_download(tab)
    assert (got.total, got.wrong, got.error) == (SIZE, -1, "")


async def test_a_new_visitor_gets_in_after_its_restart(
    browser: Browser, own_stack: Stack, probe: Probe, fresh_name: str
) -> None:
    address = await own_stack.expose(fresh_name, probe.upstream)
    await own_stack.kill("server")
    await own_stack.start_server()
    # A box that lost its coordinator comes back by itself, after a moment of its own choosing.
    await visit(browser, address.url, "This is page 0", timeout_s=60)
