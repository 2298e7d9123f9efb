"""Apps that ask for cross-origin isolation have it, with all that it costs them elsewhere too."""

from __future__ import annotations

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import Canned, canned_app, canned_site, page, script
from tests.support.browser import Browser
from tests.support.upstreams import OK

OPENER = b"cross-origin-opener-policy: same-origin\r\n"
EMBEDDER = b"cross-origin-embedder-policy: %s\r\n"
WORKER = b"""
onmessage = ({ data }) => {
  const shared = new Int32Array(data);
  Atomics.wait(shared, 0, 0, 10000);
  postMessage([crossOriginIsolated, Atomics.load(shared, 0)]);
};"""
# Memory that a page and its worker share: the worker waits until the page has written.
SHARE = """() => new Promise((resolve) => {
  const memory = new SharedArrayBuffer(4);
  const shared = new Int32Array(memory);
  const worker = new Worker("/worker.js");
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = () => resolve("error");
  worker.postMessage(memory);
  const wake = () => {
    Atomics.store(shared, 0, 7);
    if (!Atomics.notify(shared, 0)) setTimeout(wake, 20);
  };
  setTimeout(wake, 20);
})"""
ABOUT = """() => [crossOriginIsolated, typeof SharedArrayBuffer,
    performance.getEntriesByType("navigation")[0].type]"""
PIXEL = (
    OK
    + b"content-type: image/gif\r\ncontent-length: 35\r\n%s\r\n"
    + (
        b"GIF87a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00"
        b"\x00\x02\x02D\x01\x00;"
    )
)


def _page(text: bytes, fields: bytes = b"") -> bytes:
    return page(b"<!doctype html><title>%s</title><h1>%s</h1>" % (text, text), fields=fields)


def _app(kind: bytes) -> Canned:
    isolated = OPENER + EMBEDDER % kind
    frames = b"Isolated</h1><iframe id=own src=/own></iframe><iframe id=bare src=/bare></iframe>"
    return {
        "/": _page(frames, isolated),
        "/plain": _page(b"Plain"),
        "/own": _page(b"Own", EMBEDDER % kind),
        "/bare": _page(b"Bare"),
        "/worker.js": script(WORKER).replace(b"\r\n\r\n", b"\r\n" + EMBEDDER % kind + b"\r\n", 1),
    }


@pytest.mark.parametrize("kind", [b"require-corp", b"credentialless"], ids=bytes.decode)
async def test_an_app_that_asks_for_it_is_isolated(
    kind: bytes, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_site(shared_stack, fresh_name, _app(kind)) as site:
        first = await visit(browser, site.url, "Isolated")
        assert await first.tab.evaluate(ABOUT) == [True, "function", "navigate"]
        assert await first.tab.evaluate(SHARE) == [True, 7]
        inner = "() => [own.contentWindow.crossOriginIsolated, own.contentDocument?.title]"
        await first.tab.wait_for("() => own.contentDocument?.title === 'Own'")
        assert await first.tab.evaluate(inner) == [True, "Own"]
        again = await visit(browser, site.url, "Isolated")
        assert (first.documents, again.documents) == (2, 1)
        assert (await again.tab.evaluate(ABOUT))[0]
        await again.tab.reload()
        await again.tab.wait_for_text("Isolated")
        assert await again.tab.evaluate(ABOUT) == [True, "function", "reload"]


async def test_what_is_embedded_is_held_to_the_policy(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    shared = PIXEL % b"cross-origin-resource-policy: cross-origin\r\n"
    async with (
        canned_app({"/own.gif": PIXEL % b"", "/shared.gif": shared}) as other,
        canned_site(shared_stack, fresh_name, _app(b"require-corp")) as site,
    ):
        # Another site than the app's, and no name of the app's own.
        elsewhere = other.upstream.replace("localhost", "127.0.0.1")
        tab = (await visit(browser, site.url, "Isolated")).tab
        load = """(url) => new Promise((resolve) => {
            const image = new Image();
            image.onload = () => resolve("load");
            image.onerror = () => resolve("error");
            image.src = url;
        })"""
        seen = [await tab.evaluate(load, f"{elsewhere}/{name}.gif") for name in ("own", "shared")]
        bare = "() => { try { return bare.contentDocument?.title ?? ''; } catch { return ''; } }"
        assert await tab.wait_for("() => own.contentDocument?.title === 'Own'")
        assert (seen, await tab.evaluate(bare)) == (["error", "load"], "")


async def test_only_the_pages_that_ask_for_it_are_isolated(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_site(shared_stack, fresh_name, _app(b"require-corp")) as site:
        tab = (await visit(browser, f"{site.url}/plain", "Plain")).tab
        about = [await tab.evaluate(ABOUT)]
        await tab.evaluate("() => { sessionStorage.kept = 'here'; location.href = '/'; }")
        await tab.wait_for_text("Isolated")
        about.append(await tab.evaluate(ABOUT))
        kept = "([url]) => [sessionStorage.kept, document.referrer.startsWith(url)]"
        assert await tab.evaluate(kept, [site.url]) == ["here", True]
        await tab.back()
        await tab.wait_for_text("Plain")
        about.append(await tab.evaluate(ABOUT))
        await tab.forward()
        await tab.wait_for_text("Isolated")
        about.append(await tab.evaluate(ABOUT))
    assert [(isolated, how) for isolated, _, how in about] == [
        (False, "navigate"),
        (True, "navigate"),
        (False, "back_forward"),
        (True, "back_forward"),
    ]
