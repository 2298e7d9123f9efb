"""A request that is kept alive goes on when its page is left; any other ends with its page.

What is not kept alive need not even arrive where its page leaves at once: off a server of its own
one browser (Firefox) loses eleven of twelve.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import page
from tests.support.browser import Browser
from tests.support.upstreams import OK, Talk, upstream_of

DEADLINE_S = 30
ASK = """keepalive => {
  fetch("/work", { method: "POST", body: "last words", keepalive }).catch(() => undefined);
}"""
LEAVE = "() => { location.href = '/next'; }"
ASK_AND_LEAVE = """() => {
  fetch("/work", { method: "POST", body: "last words", keepalive: true });
  location.href = "/next";
}"""
WENT = "() => location.pathname === '/next'"
# Whatever was given up before this is known to the app when it gets its response.
GET = "() => fetch('/').then((response) => response.status)"
LOOK = """async () => {
  const response = await fetch("/work", { method: "POST", body: "last words", keepalive: true });
  const { headers, status } = response;
  const facts = [response instanceof Response, headers instanceof Headers, status];
  const text = [new URL(response.url).pathname, await response.text()];
  const given = { keepalive: true, redirect: "error" };
  const error = await fetch("/moved", given).catch((thrown) => thrown);
  return [...facts, ...text, error instanceof TypeError];
}"""
MOVED = b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"


@dataclass
class App:
    """Works until it may respond, or nobody waits for it. begun: bodies of what it was given."""

    begun: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    may_respond: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, talk: Talk) -> None:
        while request := await talk.request():
            if request.target == "/work":
                self.begun.put_nowait(request.body)
                if not await self._is_awaited(talk):
                    self.given_up.set()
                    return
                await talk.send(OK + b"content-length: 4\r\n\r\ndone")
            else:
                await talk.send(MOVED if request.target == "/moved" else page())

    async def _is_awaited(self, talk: Talk) -> bool:
        ended = asyncio.ensure_future(talk.until_closed())
        allowed = asyncio.ensure_future(self.may_respond.wait())
        await asyncio.wait((ended, allowed), return_when=asyncio.FIRST_COMPLETED)
        awaited = not ended.done()
        for waiting in (ended, allowed):
            waiting.cancel()
        await asyncio.wait((ended, allowed))
        return awaited


@pytest.mark.parametrize("keepalive", [True, False])
async def test_a_page_that_is_left_ends_only_what_is_not_kept_alive(
    keepalive: bool, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    app = App()
    async with upstream_of(app.handle) as upstream, asyncio.timeout(2 * DEADLINE_S):
        address = await shared_stack.expose(fresh_name, upstream.url)
        tab = (await visit(browser, address.url, "A plain page")).tab
        await tab.evaluate(ASK, keepalive)
        assert await app.begun.get() == b"last words"
        await tab.evaluate(LEAVE)
        await tab.wait_for(WENT)
        if not keepalive:
            await app.given_up.wait()
        assert await tab.evaluate(GET) == 200
        assert app.given_up.is_set() != keepalive
        app.may_respond.set()
        await shared_stack.unexpose(fresh_name)


async def test_what_is_kept_alive_arrives_from_a_page_that_leaves_at_once(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    app = App()
    async with upstream_of(app.handle) as upstream, asyncio.timeout(2 * DEADLINE_S):
        address = await shared_stack.expose(fresh_name, upstream.url)
        tab = (await visit(browser, address.url, "A plain page")).tab
        await tab.evaluate(ASK_AND_LEAVE)
        assert await app.begun.get() == b"last words"
        await tab.wait_for(WENT)
        app.may_respond.set()
        await shared_stack.unexpose(fresh_name)


async def test_the_response_to_what_is_kept_alive_is_the_pages_own(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    app = App()
    app.may_respond.set()
    async with upstream_of(app.handle) as upstream:
        address = await shared_stack.expose(fresh_name, upstream.url)
        tab = (await visit(browser, address.url, "A plain page")).tab
        assert await tab.evaluate(LOOK) == [True, True, 200, "/work", "done", True]
        await shared_stack.unexpose(fresh_name)
