"""An app that serves nothing but https works, as it would behind a server that speaks https."""

from __future__ import annotations

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import Canned, Response, canned_app, page
from tests.support.browser import Browser
from tests.support.upstreams import UpstreamRequest

FORM = b"""<!doctype html><title>Secure</title><p>Sign in
<form method=post action=/login><input name=name value=crab><button>go</button></form>"""


def _insisting(status: int, *, port: bool) -> Canned:
    """As Rails (308, no port) and Django (301, the whole Host) do it."""

    def secured(request: UpstreamRequest) -> Response:
        if request.values("x-forwarded-proto") != ["https"]:
            host = request.values("host")[0]
            to = f"https://{host if port else host.partition(':')[0]}{request.target}"
            line = f"HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"
            return line.encode()
        if request.method != "POST":
            return page(FORM)
        origin = request.values("origin")[0].encode()
        return page(b"<!doctype html><p>Welcome " + request.body + b" of " + origin)

    return {"/": secured, "/login": secured}


@pytest.mark.parametrize(
    "insisting",
    [_insisting(308, port=False), _insisting(301, port=True)],
    ids=["308 without a port", "301 with the port"],
)
async def test_one_post_reaches_an_app_that_insists_on_https(
    insisting: Canned, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_app(insisting) as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        tab = (await visit(browser, address.url, "Sign in")).tab
        await tab.click("button")
        origin = app.upstream.replace("http://", "https://")
        await tab.wait_for_text(f"Welcome name=crab of {origin}")
        await tab.wait_for("() => location.pathname === '/login'", within="top")
        handled = [
            seen
            for seen in app.asked_for("/login")
            if seen.method == "POST" and seen.values("x-forwarded-proto") == ["https"]
        ]
        await shared_stack.unexpose(fresh_name)
    assert len(handled) == 1


async def test_a_post_that_is_the_first_to_be_sent_away_is_repeated(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    insisting = dict(_insisting(301, port=True))
    insisting["/"] = page(FORM)
    async with canned_app(insisting) as app:
        address = await shared_stack.expose(fresh_name, app.upstream)
        tab = (await visit(browser, address.url, "Sign in")).tab
        ask = """async () => {
          const response = await fetch('/login', {method: 'POST', body: 'x'.repeat(100_000)});
          return (await response.text()).length;
        }"""
        assert int(await tab.evaluate(ask)) > 100_000
        await tab.click("button")
        await tab.wait_for_text("Welcome name=crab")
        await shared_stack.unexpose(fresh_name)
