"""A browser that keeps nothing, whichever way it says so: a visit works all the same."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.stack import Stack, stack
from tests.support.browser import Browser

HERE = Path(__file__).parent
BOOTSTRAP = HERE.parents[1] / "bootstrap"
HOWS = ("throws", "fails", "hangs")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def forgetful(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder = tmp_path_factory.mktemp("forgetful")
    built = folder / "bootstrap"
    build = ("node", "build/build.mjs", "--out", str(built), "--first", str(HERE / "no_storage.js"))
    subprocess.run(build, cwd=BOOTSTRAP, check=True, capture_output=True, timeout=60)
    async with stack(folder, bootstrap=built) as running:
        yield running


@pytest.mark.parametrize("how", HOWS)
async def test_a_visit_needs_no_storage(
    how: str, browser: Browser, forgetful: Stack, probe: Probe
) -> None:
    address = await forgetful.expose(how, probe.upstream)
    tab = (await visit(browser, address.url, "This is page 0")).tab
    await tab.evaluate("() => { document.cookie = 'a=1'; }")
    await tab.evaluate("() => fetch('/page/1').then((response) => response.text())")
    assert probe.asked_for("/page/1")[-1].fields["cookie"] == "a=1"
    await tab.click("#next")
    await tab.wait_for_text("This is page 1")
    assert await tab.evaluate("() => document.cookie") == "a=1"
    await tab.reload()
    await tab.wait_for_text("This is page 1")
