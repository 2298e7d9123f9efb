"""An app that does not respond, or not in HTTP: a script meets the network error that it would have
met at the app's port, and a person reads a page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.apps.foreign import free_port
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import CannedApp, canned_app
from tests.support.browser import Browser, Tab

FETCH = "path => fetch(path).then(response => response.status, error => error.name)"
XHR = """path => new Promise(resolve => {
  const ask = new XMLHttpRequest();
  for (const name of ["load", "error", "abort", "timeout"]) {
    ask.addEventListener(name, () => resolve(`${name} ${ask.status}`));
  }
  ask.open("GET", path);
  ask.send();
})"""
IMAGE = """path => new Promise(resolve => {
  const image = new Image();
  image.onload = image.onerror = event => resolve(event.type);
  image.src = path;
})"""

GARBAGE = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
TOO_LARGE = b"HTTP/1.1 200 OK\r\nx: " + b"a" * 300_000 + b"\r\ncontent-length: 0\r\n\r\n"
RESPONSES = {"/closes": None, "/garbage": GARBAGE, "/too-large": TOO_LARGE}


@pytest_asyncio.fixture(loop_scope="session")
async def app() -> AsyncIterator[CannedApp]:
    async with canned_app(RESPONSES) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def tab(
    app: CannedApp, browser: Browser, shared_stack: Stack, fresh_name: str
) -> AsyncIterator[Tab]:
    address = await shared_stack.expose(fresh_name, app.upstream)
    yield (await visit(browser, address.url, "A plain page")).tab
    await shared_stack.unexpose(fresh_name)


@pytest.mark.parametrize("path", ["/closes", "/garbage"])
async def test_a_script_meets_a_network_error(path: str, tab: Tab) -> None:
    assert await tab.evaluate(FETCH, path) == "TypeError"
    assert await tab.evaluate(XHR, path) == "error 0"
    assert await tab.evaluate(IMAGE, path) == "error"


async def test_a_script_meets_a_network_error_once_the_app_does_not_run(
    tab: Tab, shared_stack: Stack, fresh_name: str
) -> None:
    await shared_stack.expose(fresh_name, str(free_port()))
    assert await tab.evaluate(FETCH, "/any") == "TypeError"
    assert await tab.evaluate(XHR, "/any") == "error 0"


@pytest.mark.parametrize("path", ["/closes", "/garbage"])
async def test_a_person_reads_what_is_wrong(path: str, tab: Tab) -> None:
    await tab.evaluate("path => { location.href = path; }", path)
    await tab.wait_for_text("does not speak HTTP", within="top")


async def test_fields_that_are_too_large_get_an_error_response(tab: Tab) -> None:
    assert await tab.evaluate(FETCH, "/too-large") == 502
    await tab.evaluate("() => { location.href = '/too-large'; }")
    await tab.wait_for_text("says too much", within="top")
