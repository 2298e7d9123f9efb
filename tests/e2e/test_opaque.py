"""Pages with an opaque origin, by a policy or by their frame, are shown with no more rights than
that: no Service Worker sees what such a page asks for.
"""

from __future__ import annotations

import json

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_site, page, script
from tests.support.browser import Browser

# Says to the page around it who it is, and shows the same where it is alone.
INNER = b"""<!doctype html><title>Uploaded</title><link rel=stylesheet href=/style.css>
<p id=who>An uploaded page</p><p id=late>hidden</p>
<script>
const seen = {origin, color: "", storage: true};
try { localStorage.a = 1; } catch { seen.storage = false; }
function ready(what) {
  seen[what] = true;
  seen.color = getComputedStyle(document.getElementById("who")).color;
  document.getElementById("late").textContent = JSON.stringify(seen);
  parent.postMessage(seen, "*");
}
onmessage = event => parent.postMessage({received: event.data}, "*");
</script><script src=ext.js></script><img src=/dot.svg onload="ready('dot')">"""
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><path d='M0 0h9v9z'/></svg>"
GREEN = b"p { color: rgb(0, 128, 0) }"


def _response(kind: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n"
    return head % (kind, len(body)) + body


PARTS = {
    "/files/ext.js": script(b"ready('ext')"),
    "/style.css": _response(b"text/css", GREEN),
    "/dot.svg": _response(b"image/svg+xml", SVG),
}
RIGHT = {"origin": "null", "color": "rgb(0, 128, 0)", "storage": False, "ext": True, "dot": True}
OUTER = b"""<!doctype html><p>An outer page</p><script>
received = [];
addEventListener("message", event => {
  const frame = document.querySelector("iframe").contentWindow;
  received.push({...event.data, from: event.origin, source: event.source === frame});
});
</script><iframe %b src=/files/page></iframe>"""
BOTH = """() => {
    const seen = document.getElementById("late").textContent;
    return seen.includes("ext") && seen.includes("dot") ? seen : null;
}"""
REACHED = """() => {
    const { contentDocument, contentWindow } = document.querySelector("iframe");
    try { return [contentDocument, contentWindow.document.title]; }
    catch (error) { return [contentDocument, error.name]; }
}"""
ALL_RECEIVED = "() => received.find(one => one.ext && one.dot)"


@pytest.mark.parametrize(
    "policy",
    [
        "sandbox allow-scripts",
        "sandbox allow-scripts; default-src 'self'; script-src * 'unsafe-inline'",
    ],
)
async def test_a_page_that_a_policy_sandboxes_has_no_origin_and_no_storage(
    policy: str, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    fields = f"content-security-policy: {policy}\r\n".encode()
    responses = {**PARTS, "/files/page": page(INNER, fields=fields)}
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = await browser.open(f"{site.url}/files/page")
        await tab.wait_for("() => document.title === 'Uploaded'", within="top")
        text = await tab.wait_for(BOTH, within="inner")
        storage = await tab.evaluate("() => localStorage.length", within="top")
        path = await tab.evaluate("() => location.pathname", within="top")
    assert json.loads(text) == RIGHT
    assert (storage, path) == (0, "/files/page")


async def test_a_page_without_scripts_by_its_policy_runs_none(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    fields = b"content-security-policy: sandbox\r\n"
    responses = {**PARTS, "/files/page": page(INNER, fields=fields)}
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = await browser.open(f"{site.url}/files/page")
        await tab.wait_for("() => document.title === 'Uploaded'", within="top")
        assert await tab.evaluate("() => document.querySelector('iframe').sandbox.value") == (
            "allow-top-navigation-by-user-activation"
        )
        assert await tab.evaluate("() => document.querySelector('iframe').contentDocument") is None


async def test_a_sandboxed_frame_shows_a_page_of_the_app_without_its_origin(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    outer = OUTER.replace(b"%b", b"sandbox=allow-scripts")
    responses = {**PARTS, "/": page(outer), "/files/page": page(INNER)}
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = (await visit(browser, site.url, "An outer page")).tab
        seen = await tab.wait_for(ALL_RECEIVED)
        await tab.evaluate(
            "() => document.querySelector('iframe').contentWindow.postMessage(1, '*')"
        )
        await tab.wait_for("() => received.some(one => one.received === 1)")
    assert seen == {**RIGHT, "from": "null", "source": True}


async def test_a_frame_with_a_sandboxed_page_exchanges_messages_with_the_page_around_it(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    fields = b"content-security-policy: sandbox allow-scripts\r\n"
    responses = {
        **PARTS,
        "/": page(OUTER.replace(b"%b", b"")),
        "/files/page": page(INNER, fields=fields),
    }
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = (await visit(browser, site.url, "An outer page")).tab
        seen = await tab.wait_for(ALL_RECEIVED)
        await tab.evaluate(
            "() => document.querySelector('iframe').contentWindow.postMessage(1, '*')"
        )
        await tab.wait_for("() => received.some(one => one.received === 1)")
        reached = await tab.evaluate(REACHED)
    assert seen == {**RIGHT, "from": "null", "source": True}
    assert reached == [None, "SecurityError"]


async def test_a_file_that_a_policy_sandboxes_is_shown(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: image/svg+xml\r\ncontent-security-policy: sandbox\r\n"
    dot = head + b"content-length: %d\r\n\r\n" % len(SVG) + SVG
    async with canned_site(shared_stack, fresh_name, {"/dot.svg": dot}) as site:
        tab = await browser.open(f"{site.url}/dot.svg")
        await tab.wait_for("() => document.querySelector('main').hidden", within="top")
