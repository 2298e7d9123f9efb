"""Long URLs and many fields: whatever a server in front of the app would pass."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.conftest import Site
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_app, page
from tests.support.browser import Browser
from tests.support.upstreams import OK, UpstreamRequest

LONG = "a" * 30_000


def _length(request: UpstreamRequest) -> bytes:
    size = sum(len(name) + len(value) for name, value in request.fields)
    return page(b"<!doctype html><p>target %d, fields %d" % (len(request.target), size))


def _fields(_: UpstreamRequest) -> bytes:
    many = b"".join(b"x-many-%d: y\r\n" % number for number in range(300))
    return OK + many + b"x-long: " + b"b" * 70_000 + b"\r\ncontent-length: 0\r\n\r\n"


async def test_the_very_first_visit_may_be_of_a_long_url(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_app({f"/{LONG}": _length}) as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        first = await visit(browser, f"{address.url}{LONG}?q={LONG}", "target 60004")
        assert first.documents == 1
        await shared_stack.unexpose(fresh_name)


async def test_many_and_long_fields_pass_both_ways(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_app({"/fields": _fields, "/length": _length}) as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        tab = (await visit(browser, address.url, "A plain page")).tab
        count = """async () => {
          const {headers} = await fetch('/fields');
          const many = [...headers.keys()].filter(name => name.startsWith('x-many-'));
          return [many.length, headers.get('x-long').length];
        }"""
        assert await tab.evaluate(count) == [300, 70_000]
        send = """async () => {
          const fields = {};
          for (let i = 0; i < 70; i++) fields['x-' + i] = 'c'.repeat(1000);
          return (await fetch('/length', { headers: fields })).text();
        }"""
        text = str(await tab.evaluate(send))
        assert int(text.rpartition(" ")[2]) > 70_000
        await shared_stack.unexpose(fresh_name)


async def test_a_url_longer_than_the_limit_gets_a_clear_response(
    site: Site, browser: Browser
) -> None:
    tab = (await visit(browser, site.url, "This is page 0")).tab
    ask = "async () => (await fetch('/' + 'a'.repeat(140_000))).status"
    assert await tab.evaluate(ask) == 431
    await tab.evaluate("() => { location.href = '/' + 'a'.repeat(140_000); }")
    await tab.wait_for("() => document.documentElement.dataset.problem", within="top")
