"""Large responses."""

from __future__ import annotations

import hashlib

from tests.e2e.acts.memory import sampled
from tests.e2e.acts.parallel import small_requests
from tests.e2e.acts.transfer import download_so_far, finish_download, start_download
from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.e2e.probe_app import digest
from tests.support.browser import Browser, until

SIZE = 60_000_000
# What one link may hold on to, in windows and queues, whatever the size of a body is.
GROWTH_MAX_MIB = 16


async def test_every_byte_of_a_download_arrives_in_its_place(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await start_download(tab, f"/bytes/{SIZE}")
    got = await finish_download(tab)
    assert (got.total, got.wrong, got.error) == (SIZE, -1, "")


async def test_the_boxs_memory_does_not_grow_with_a_download(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await start_download(tab, f"/bytes/{SIZE // 2}")
    await tab.wait_for("() => window.testDownload.total > 5000000")
    async with sampled(site.stack.agent_pid) as memory:
        await finish_download(tab)
    assert memory.growth_mib() < GROWTH_MAX_MIB


async def test_small_requests_get_through_while_a_download_runs(
    browser: Browser, site: Site
) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await start_download(tab, "/bytes/2000000000")
    await tab.wait_for("() => window.testDownload.total > 1000000")
    small = await small_requests(tab, "/small/", 100)
    during = await download_so_far(tab)
    assert small.right == 100
    assert (during.done, during.error) == (False, "")


async def test_more_requests_than_a_link_has_streams_all_get_a_response(
    browser: Browser, site: Site
) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    small = await small_requests(tab, "/small/", 300)
    assert small.right == 300


async def test_closing_another_tab_leaves_a_download_alone(browser: Browser, site: Site) -> None:
    other = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    tab = (await visit(browser, f"{site.url}/page/1", "This is page 1")).tab
    await start_download(other, "/bytes/2000000000")
    await start_download(tab, "/bytes/10000000")
    await tab.wait_for("() => window.testDownload.total > 500000")
    await other.close()
    got = await finish_download(tab)
    assert (got.total, got.wrong, got.error) == (10_000_000, -1, "")


async def test_a_file_is_saved_under_its_name(browser: Browser, site: Site) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    saved = browser.downloads / "probe.bin"
    saved.unlink(missing_ok=True)
    await tab.click("#file")
    await until(
        lambda: saved.exists() and saved.stat().st_size == 3_000_000,
        timeout_s=30,
        what="the file is there",
    )
    assert hashlib.sha256(saved.read_bytes()).hexdigest() == digest(3_000_000)
