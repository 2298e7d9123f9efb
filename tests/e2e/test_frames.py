"""What a page embeds goes over the link, also where a Service Worker does not see it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import CannedSite, canned_site, page
from tests.support.browser import Browser

SHOWN = b"<!doctype html><p>An embedded page</p><script>parent.shown?.(location.href)</script>"
RESPONSES = {
    "/": page(b"<!doctype html><p>The page</p>"),
    "/text": page(b"from the app"),
    "/shown": page(SHOWN),
}

# Each asks for /text from within a frame and gives what it read to `done`, in the page around it.
ASK = "fetch(`${origin}/text`).then(r => r.text()).then(parent.done, e => parent.done(`${e}`))"
FRAMES = {
    "blank": "frame => { document.body.append(frame); frame.contentWindow.fetch('/text')"
    ".then(r => r.text()).then(done, e => done(`${e}`)) }",
    "blank by its index": "frame => { document.body.append(frame); Promise.resolve().then(() =>"
    " frames[frames.length - 1].fetch('/text')).then(r => r.text()).then(done, done) }",
    "blank, XMLHttpRequest": "frame => { document.body.append(frame);"
    " const ask = new frame.contentWindow.XMLHttpRequest(); ask.onload = () => done(ask.response);"
    " ask.onerror = () => done('error'); ask.open('GET', '/text'); ask.send() }",
    "written": "frame => { document.body.append(frame); const inner = frame.contentDocument;"
    f" inner.open(); inner.write('<script>{ASK}</' + 'script>'); inner.close() }}",
    "srcdoc": f"frame => {{ frame.srcdoc = '<script>{ASK}</' + 'script>';"
    " document.body.append(frame) }",
    "blob": "frame => { frame.src = URL.createObjectURL(new Blob("
    f"['<script>{ASK}</' + 'script>'], {{type: 'text/html'}})); document.body.append(frame) }}",
    "blob that is revoked": "frame => { document.body.append(frame);"
    f" const url = URL.createObjectURL(new Blob(['<script>{ASK}</' + 'script>'],"
    " {type: 'text/html'})); frame.setAttribute('src', url);"
    " frame.onload = () => URL.revokeObjectURL(url) }",
}
RUN = """([make]) => new Promise(resolve => {
  window.done = resolve;
  eval(make)(document.createElement("iframe"));
})"""


@pytest_asyncio.fixture(loop_scope="session")
async def framed(shared_stack: Stack, fresh_name: str) -> AsyncIterator[CannedSite]:
    async with canned_site(shared_stack, fresh_name, RESPONSES) as site:
        yield site


@pytest.mark.parametrize("kind", FRAMES)
async def test_a_frame_without_an_address_asks_over_the_link(
    kind: str, browser: Browser, framed: CannedSite
) -> None:
    tab = (await visit(browser, framed.url, "The page")).tab
    assert await tab.evaluate(RUN, [FRAMES[kind]]) == "from the app"


async def test_a_frame_that_was_blank_first_is_whole_as_a_page(
    browser: Browser, framed: CannedSite
) -> None:
    tab = (await visit(browser, framed.url, "The page")).tab
    own = """() => new Promise(resolve => {
        const frame = document.createElement("iframe");
        document.body.append(frame);
        frame.contentWindow.document.body.append("used");
        frame.onload = () => {
          const inner = frame.contentWindow;
          if (inner.location.pathname === "/shown")
            resolve([inner.fetch !== fetch, inner.XMLHttpRequest !== XMLHttpRequest]);
        };
        frame.src = "/shown";
    })"""
    assert await tab.evaluate(own) == [True, True]


@pytest.mark.parametrize("name", ["object", "embed"])
async def test_an_embedded_page_comes_over_the_link(
    name: str, browser: Browser, framed: CannedSite
) -> None:
    tab = (await visit(browser, framed.url, "The page")).tab
    shown = """name => new Promise(resolve => {
        let count = 0;
        window.shown = () => { if (++count === 10) resolve(count) };
        for (let i = 0; i < 10; i++) {
          const one = document.createElement(name);
          one[name === "object" ? "data" : "src"] = "/shown";
          document.body.append(one);
        }
    })"""
    assert await tab.evaluate(shown, name) == 10
    assert framed.app.asked_for("/shown")


async def test_a_cookie_of_a_frame_is_the_pages(browser: Browser, framed: CannedSite) -> None:
    tab = (await visit(browser, framed.url, "The page")).tab
    shared = """() => {
        const frame = document.createElement("iframe");
        document.body.append(frame);
        document.cookie = "crab=1";
        return frame.contentDocument.cookie === document.cookie;
    }"""
    assert await tab.evaluate(shared)
