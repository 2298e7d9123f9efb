"""Large request bodies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.acts.transfer import upload
from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.e2e.probe_app import digest, write_file
from tests.support.browser import Browser, until

SIZE = 30_000_000
UPSTREAM_ENDS_S = 5


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_file(tmp_path_factory.mktemp("upload") / "probe.bin", SIZE)


async def test_an_upload_arrives_whole(browser: Browser, site: Site, file: Path) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    sent = await upload(tab, "/upload", file)
    assert sent.status == 200
    assert json.loads(sent.text) == {"sha256": digest(SIZE), "length": SIZE}


async def test_an_upload_shows_how_far_it_is(browser: Browser, site: Site, file: Path) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    sent = await upload(tab, "/upload", file)
    assert len(sent.progress) >= 3
    assert sent.progress == sorted(sent.progress)
    assert sent.progress[-1] == SIZE


async def test_giving_up_an_upload_ends_the_request(
    browser: Browser, site: Site, file: Path
) -> None:
    tab = (await visit(browser, f"{site.url}/", "This is page 0")).tab
    await tab.upload("#chosen", file)
    await tab.evaluate(
        """() => {
            window.request = new XMLHttpRequest();
            request.open("POST", "/upload");
            request.send(document.getElementById("chosen").files[0]);
        }"""
    )
    await until(lambda: "/upload" in site.probe.open, timeout_s=10, what="the upstream is asked")
    await tab.evaluate("() => request.abort()")
    await until(
        lambda: "/upload" not in site.probe.open,
        timeout_s=UPSTREAM_ENDS_S,
        what="the upstream ends",
    )
    assert [seen.status for seen in site.asked_for("/upload")] == [None]
