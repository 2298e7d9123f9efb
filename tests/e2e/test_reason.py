"""What an HTTP/1.1 app says behind its status is what a page reads as `statusText`."""

from __future__ import annotations

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_app
from tests.support.browser import Browser

FETCHED = "async path => (await fetch(path)).statusText"
XHR = """path => new Promise(resolve => {
  const ask = new XMLHttpRequest();
  ask.onloadend = () => resolve(ask.statusText);
  ask.open("GET", path);
  ask.send();
})"""


def _empty(line: bytes) -> bytes:
    return line + b"\r\ncontent-length: 0\r\n\r\n"


RESPONSES = {
    "/missing": (_empty(b"HTTP/1.1 404 Not Found"), "Not Found"),
    "/own": (_empty(b"HTTP/1.1 200 All (quite) well"), "All (quite) well"),
    "/none": (_empty(b"HTTP/1.1 200 "), ""),
    "/nothing": (_empty(b"HTTP/1.1 200"), ""),
}


@pytest.mark.parametrize("how", [FETCHED, XHR], ids=["fetch", "xhr"])
async def test_the_reason_phrase_of_the_app_is_the_status_text(
    how: str, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    canned = {path: response for path, (response, _) in RESPONSES.items()}
    async with canned_app(canned) as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        tab = (await visit(browser, address.url, "A plain page")).tab
        seen = {path: await tab.evaluate(how, path) for path in RESPONSES}
        await shared_stack.unexpose(fresh_name)
    assert seen == {path: reason for path, (_, reason) in RESPONSES.items()}
