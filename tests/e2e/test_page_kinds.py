"""What browsers draw at the top of a tab in place of a document is drawn for the app too."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_site
from tests.support.browser import Browser

SHOTS = Path(__file__).with_name("shots") / "kinds"
FEED = b'<?xml version="1.0"?><feed><entry a="b &amp; c"><t>tea</t><none/></entry>loose</feed>'


def empty(status: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n" % status


def feed() -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: %d\r\n\r\n"
    return head % len(FEED) + FEED


async def test_an_error_without_a_page_is_shown(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    responses = {
        "/gone": empty(b"404 Not Found"),
        "/broken": empty(b"500 Oh"),
        "/fine": empty(b"200 OK"),
    }
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = await browser.open(f"{site.url}/gone")
        await tab.wait_for_text("answered 404 and nothing else", within="top")
        await tab.evaluate("() => location.assign('/')")
        await tab.wait_for("() => document.querySelector('main').hidden", within="top")
        await tab.evaluate("() => location.assign('/broken')")
        await tab.wait_for_text("answered 500 and nothing else", within="top")
        await tab.screenshot(SHOTS / f"{browser.kind}-broken.png")
        await tab.evaluate("() => location.assign('/fine')")
        await tab.wait_for("() => location.pathname === '/fine'")
        await tab.wait_for("() => document.querySelector('main').hidden", within="top")


async def test_xml_without_a_style_is_a_tree(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_site(shared_stack, fresh_name, {"/feed": feed()}) as site:
        tab = await browser.open(f"{site.url}/feed")
        # Not the empty page before it; and whatever we draw is drawn.
        await tab.wait_for("() => location.pathname === '/feed' && document.readyState[0] === 'c'")
        await tab.wait_for("() => document.querySelector('main').hidden", within="top")
        await tab.wait_for("() => window.__p2claw.late().then(() => true)", within="top")
        # One browser draws it in frames too, and what it draws is in no document.
        if browser.kind == "chromium":
            seen = await tab.wait_for_text("tree")
            assert '<entry a="b & c">\n<t>tea</t>\n<none/>\n</entry>\nloose\n</feed>' in seen
        else:
            assert await tab.evaluate("() => document.documentElement.localName") == "feed"
        await tab.screenshot(SHOTS / f"{browser.kind}-xml.png")


async def test_an_address_without_content_shows_so(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    response = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with canned_site(shared_stack, fresh_name, {"/none": response}) as site:
        tab = await browser.open(f"{site.url}/none")
        await tab.wait_for_text("has nothing to show here", within="top")
