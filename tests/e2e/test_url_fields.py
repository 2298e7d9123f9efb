"""URLs in fields mean at the far end of a link what they mean at the app."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_app, page
from tests.support.browser import Browser
from tests.support.upstreams import UpstreamRequest

FETCH = """async path => {
  const response = await fetch(path);
  return [response.status, new URL(response.url).pathname + new URL(response.url).search];
}"""


def _redirect(location: str) -> bytes:
    to = b"location: " + location.encode() + b"\r\n"
    return b"HTTP/1.1 302 Found\r\n" + to + b"content-length: 0\r\n\r\n"


def _arrived(request: UpstreamRequest) -> bytes:
    return page(b"<!doctype html><p>Arrived at " + request.target.encode())


async def test_raw_utf8_in_a_location_is_followed_as_directly(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    responses = {
        "/photos": _redirect("/写真/"),
        "/umlaut": _redirect("/found?ü=1"),
        "/%E5%86%99%E7%9C%9F/": _arrived,
        "/found": _arrived,
    }
    async with canned_app(responses) as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        tab = (await visit(browser, address.url, "A plain page")).tab
        assert await tab.evaluate(FETCH, "/photos") == [200, "/%E5%86%99%E7%9C%9F/"]
        assert await tab.evaluate(FETCH, "/umlaut") == [200, "/found?%C3%BC=1"]
        await tab.evaluate("() => { location.href = '/photos'; }")
        await tab.wait_for_text("Arrived at /%E5%86%99%E7%9C%9F/")
        await shared_stack.unexpose(fresh_name)
