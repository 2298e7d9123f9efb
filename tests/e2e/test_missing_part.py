"""Where the edge has lost a part that comes later, a person is shown it; all else works."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import p2claw.edge
from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack, stack
from tests.e2e.upstreams.canned import OK, canned_site, page
from tests.support.browser import Browser

SOCKET = """() => new Promise((resolve) => {
  const socket = new WebSocket("/socket");
  socket.onopen = socket.onclose = ({ type }) => resolve(type);
})"""
STREAM = """() => new Promise((resolve) => {
  const stream = new EventSource("/events");
  stream.onerror = () => resolve(stream.readyState);
})"""
COOKIE = "() => cookieStore.get('a').catch(({ name }) => name)"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lossy(
    bootstrap: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """Its edge has lost the Service Worker's later part, and the one for WebSockets."""
    folder = tmp_path_factory.mktemp("lossy")
    broken = without(bootstrap, folder, "sw-later.js", "sockets.js")
    async with stack(folder, bootstrap=broken) as running:
        yield running


async def test_a_page_with_policies_shows_that_a_part_is_missing(
    browser: Browser, lossy: Stack, fresh_name: str
) -> None:
    policy = b"content-security-policy: script-src 'self'\r\n"
    async with canned_site(lossy, fresh_name, {"/": page(b"<p>Guarded", fields=policy)}) as site:
        tab = await browser.open(site.url)
        missing = "() => document.documentElement.dataset.problem === 'part-missing'"
        await tab.wait_for(missing, within="top")


async def test_a_page_without_policies_is_shown_and_its_websocket_fails(
    browser: Browser, lossy: Stack, fresh_name: str
) -> None:
    responses = {"/": page(b"<!doctype html><head></head><p>Plain"), "/more": page(b"more")}
    async with canned_site(lossy, fresh_name, responses) as site:
        tab = (await visit(browser, site.url, "Plain")).tab
        assert (
            await tab.evaluate("() => fetch('/more').then((response) => response.text())") == "more"
        )
        assert await tab.evaluate(SOCKET) == "close"


async def test_a_page_that_sets_a_cookie_shows_that_a_part_is_missing(
    browser: Browser, lossy: Stack, fresh_name: str
) -> None:
    """Without that part nothing keeps the cookie: to show the page would be to lose a login."""
    fields = b"set-cookie: login=1\r\n"
    login = page(b"<!doctype html><head></head><p>Welcome", fields=fields)
    responses = {"/": page(b"<!doctype html><head></head><p>Plain"), "/login": login}
    async with canned_site(lossy, fresh_name, responses) as site:
        tab = (await visit(browser, site.url, "Plain")).tab
        await tab.evaluate("() => { location.href = '/login' }")
        missing = "() => document.documentElement.dataset.problem === 'part-missing'"
        await tab.wait_for(missing, within="top")


async def test_without_the_part_of_the_shell_what_needs_it_fails_by_the_browsers_own_errors(
    browser: Browser, bootstrap: Path | None, tmp_path: Path
) -> None:
    """And an event stream goes on trying, as on a broken connection."""
    broken = without(bootstrap, tmp_path, "late.js")
    plain = {"/": page(b"<!doctype html><head></head><p>Plain")}
    async with (
        stack(tmp_path, bootstrap=broken) as running,
        canned_site(running, "plain", plain) as site,
    ):
        tab = (await visit(browser, site.url, "Plain")).tab
        assert await tab.evaluate(SOCKET) == "close"
        assert await tab.evaluate(SOCKET) == "close"
        assert await tab.evaluate(STREAM) == 0
        if await tab.evaluate("() => 'cookieStore' in window"):
            assert await tab.evaluate(COOKIE) == "UnknownError"


async def test_a_part_that_could_not_be_had_is_loaded_once_it_is_there_again(
    browser: Browser, bootstrap: Path | None, tmp_path: Path
) -> None:
    """In the same tab: a browser that keeps the failure of a module keeps it for good."""
    broken = without(bootstrap, tmp_path, "late.js")
    stream = OK + b"content-type: text/event-stream\r\ncontent-length: 13\r\n\r\ndata: hello\n\n"
    plain = {"/": page(b"<!doctype html><head></head><p>Plain"), "/events": stream}
    async with (
        stack(tmp_path, bootstrap=broken) as running,
        canned_site(running, "plain", plain) as site,
    ):
        tab = (await visit(browser, site.url, "Plain")).tab
        assert await tab.evaluate(STREAM) == 0
        await running.kill("server")
        shutil.copy(built(bootstrap) / "manifest.json", broken / "manifest.json")
        await running.start_server()
        first_event = """() => new Promise((resolve) => {
          const stream = new EventSource("/events");
          stream.onmessage = ({ data }) => { stream.close(); resolve(data); };
        })"""
        assert await tab.evaluate(first_event, timeout_s=30) == "hello"


def built(bootstrap: Path | None) -> Path:
    """What the edge serves."""
    return bootstrap or Path(p2claw.edge.__file__).with_name("static")


def without(bootstrap: Path | None, folder: Path, *names: str) -> Path:
    """A copy of what the edge serves, without these parts."""
    static = folder / "static"
    shutil.copytree(built(bootstrap), static)
    manifest = static / "manifest.json"
    parts = json.loads(manifest.read_text())
    for name in names:
        del parts["assets"][name]
    manifest.write_text(json.dumps(parts))
    return static
