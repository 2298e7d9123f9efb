"""A synchronous XMLHttpRequest of a page is as on the app's own server; the edge never sees it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests.e2e.stack import Stack, stack
from tests.e2e.watched_edge import reached
from tests.support.browser import Browser, Tab

# What a page sees of one. type: that it insists on.
ASK = """([method, url, body, type]) => {
  const ask = new XMLHttpRequest();
  const events = [];
  for (const name of ["readystatechange", "load", "loadend", "error"])
    ask.addEventListener(name, () => events.push(name + ask.readyState));
  try {
    ask.open(method, url, false);
    if (type) ask.overrideMimeType(type);
    ask.setRequestHeader("x-asked", "synchronously");
    ask.send(body ?? null);
  } catch (error) {
    return [error.name, error instanceof DOMException, ask.status, ask.readyState];
  }
  return [ask.status, ask.statusText, ask.responseText, ask.response === ask.responseText,
    new URL(ask.responseURL).pathname, ask.getResponseHeader("X-Crab"),
    ask.getAllResponseHeaders(), ask.readyState, ask.responseXML?.documentElement.nodeName ?? null,
    events];
}"""
ASK_AGAIN = """() => new Promise((resolve) => {
  const ask = new XMLHttpRequest();
  ask.open("GET", "/echo?sync", false);
  ask.send();
  ask.open("GET", "/echo?async");
  const between = [ask.readyState, ask.status, ask.responseText];
  ask.onload = () => resolve([between, ask.status, ask.responseText.includes("?async")]);
  ask.send();
})"""
ASK_NOW = """<!doctype html><title>Asks</title><script>
const ask = new XMLHttpRequest();
ask.open("GET", "/xml", false);
let got;
try { ask.send(); got = ask.responseText; } catch (error) { got = error.name; }
</script><p>A page"""
# Of the older file system, which Chromium alone has: all that this origin keeps there.
CLEAR = """() => !self.webkitRequestFileSystem || new Promise((resolve, reject) => {
  webkitRequestFileSystem(TEMPORARY, 1, ({ root }) => root.createReader().readEntries(
    (entries) => Promise.all(entries.map((entry) =>
      new Promise((done, failed) => entry.removeRecursively(done, failed))))
      .then(() => resolve(true), reject), reject), reject);
})"""
FIELDS = {"x-crab": "purple", "date": "today"}
BYTES = bytes(range(256)) * 300


async def _page(request: web.Request) -> web.Response:
    policy = {"content-security-policy": "connect-src 'self'"}
    return web.Response(text="<!doctype html><p>A page", content_type="text/html", headers=policy)


async def _now(request: web.Request) -> web.Response:
    return web.Response(text=ASK_NOW, content_type="text/html")


async def _echo(request: web.Request) -> web.Response:
    names = ("x-asked", "content-type", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")
    shown = [request.headers.get(name, "-") for name in names]
    referrer = request.headers.get("referer", "").rpartition("/")[2]
    text = f"{request.method} {request.path_qs} {shown} {referrer} {await request.text()}"
    return web.Response(text=text, headers=FIELDS)


async def _closed(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def _moved(request: web.Request) -> web.Response:
    raise web.HTTPFound("/echo")


def _fixed(body: bytes, kind: str, status: int = 200, reason: str = "OK") -> web.Response:
    return web.Response(
        body=body, status=status, reason=reason, headers={**FIELDS, "content-type": kind}
    )


async def _file(request: web.Request) -> web.Response:
    match request.path:
        case "/xml":
            return _fixed("<crab>é</crab>".encode(), "application/xml")
        case "/latin":
            return _fixed(b"caf\xe9", "text/plain; charset=iso-8859-1")
        case "/bytes":
            return _fixed(BYTES, "application/octet-stream")
        case _:
            return _fixed(b"none", "text/plain", 404, "Nowhere")


@contextlib.asynccontextmanager
async def _app() -> AsyncIterator[str]:
    app = web.Application()
    routes = {"/": _page, "/now": _now, "/echo": _echo, "/closed": _closed, "/moved": _moved}
    for path, handler in {**routes, "/{file}": _file}.items():
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


CASES = {
    "get": ["GET", "/echo?q=%C3%A9#fragment"],
    "post": ["POST", "/echo", "é"],
    "put": ["PUT", "/echo", "0"],
    "xml": ["GET", "/xml"],
    "charset": ["GET", "/latin"],
    "bytes": ["GET", "/bytes", None, "text/plain; charset=x-user-defined"],
    "as-xml": ["GET", "/xml", None, "text/xml"],
    "missing": ["GET", "/missing"],
    "redirect": ["GET", "/moved"],
    "closed": ["POST", "/closed", "once"],
    "head": ["HEAD", "/xml"],
}


@dataclass
class Pages:
    direct: Tab
    through: Tab

    async def both(self, fn: str, arg: Any = None) -> tuple[Any, Any]:
        """What `fn` gives directly, and through p2claw."""
        return await self.direct.evaluate(fn, arg), await self.through.evaluate(fn, arg)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def pages(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Pages]:
    async with _app() as upstream:
        name = f"sync-{running_browser.kind}"
        url = (await shared_stack.expose(name, upstream)).url
        port = upstream.rpartition(":")[2]
        direct = await running_browser.open(f"http://raw.localhost:{port}/", within="top")
        through = await running_browser.open(url)
        for tab in (direct, through):
            await tab.wait_for_text("A page")
        # Its first request may come before the way is there, and loads the page again.
        await through.wait_for(f"() => (self.first ??= ({ASK})(['GET', '/xml']))[0] === 200")
        yield Pages(direct, through)
        await direct.close()
        await through.close()
        await shared_stack.unexpose(name)


@pytest.mark.parametrize("case", CASES)
async def test_a_page_asks_synchronously_as_it_does_directly(pages: Pages, case: str) -> None:
    directly, through = await pages.both(ASK, CASES[case])
    assert through == directly


async def test_one_that_asked_synchronously_asks_once_more_as_any_other(pages: Pages) -> None:
    directly, through = await pages.both(ASK_AGAIN)
    assert directly == [[1, 0, ""], 200, True]
    assert through == directly


async def test_an_app_that_clears_its_storage_asks_synchronously_on(pages: Pages) -> None:
    for _ in range(2):
        await pages.through.evaluate(CLEAR)
        directly, through = await pages.both(ASK, CASES["post"])
        assert through == directly


async def test_without_room_for_the_response_it_is_a_network_error(pages: Pages) -> None:
    if pages.through.browser.kind == "firefox":
        return  # there no response comes by a file
    origin = await pages.through.evaluate("() => location.origin")
    await pages.through.cdp("Storage.overrideQuotaForOrigin", origin=origin, quotaSize=1)
    assert await pages.through.evaluate(ASK, CASES["bytes"]) == ["NetworkError", True, 0, 4]
    await pages.through.cdp("Storage.overrideQuotaForOrigin", origin=origin)
    directly, through = await pages.both(ASK, CASES["get"])
    assert through == directly


async def test_a_page_that_asks_at_once_gets_its_response(
    running_browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with _app() as upstream:
        url = (await shared_stack.expose(fresh_name, upstream)).url
        tab = await running_browser.open(f"{url}now")
        await tab.wait_for("() => got === '<crab>é</crab>'")
        await tab.close()
        await shared_stack.unexpose(fresh_name)


async def test_what_is_asked_synchronously_never_reaches_the_edge(
    running_browser: Browser, tmp_path: Path
) -> None:
    async with (
        stack(tmp_path, program="tests.e2e.watched_edge") as watched,
        _app() as upstream,
    ):
        tab = await running_browser.open((await watched.expose("sync", upstream)).url)
        await tab.wait_for_text("A page")
        await tab.wait_for(f"() => (self.first ??= ({ASK})(['GET', '/secret']))[2] === 'none'")
        assert [path for _, _, path in reached(tmp_path, "sync") if "secret" in path] == []
        assert reached(tmp_path, "sync")
        await tab.close()
