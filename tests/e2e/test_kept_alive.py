"""A request that is kept alive goes on when its page is left; any other ends with its page."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import page
from tests.support.browser import Browser
from tests.support.upstreams import OK, Talk, upstream_of

WORK_S = 0.7  # as long as the app takes for its answer
LEAVE = """keepalive => {
  fetch("/work", { method: "POST", body: "last words", keepalive });
  location.href = "/next";
}"""


@pytest.mark.parametrize("keepalive", [True, False])
async def test_a_page_that_is_left_takes_only_what_is_not_kept_alive(
    keepalive: bool, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    worked: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()

    async def handle(talk: Talk) -> None:
        while request := await talk.request():
            if request.target == "/work":
                await asyncio.sleep(WORK_S)
                worked.put_nowait((request.body, talk.reader.at_eof()))
            answer = OK + b"content-length: 0\r\n\r\n" if request.method == "POST" else page()
            await talk.send(answer)

    async with upstream_of(handle) as upstream:
        address = await shared_stack.expose(fresh_name, upstream.url)
        tab = (await visit(browser, address.url, "A plain page")).tab
        await tab.evaluate(LEAVE, keepalive)
        await tab.wait_for("() => location.pathname === '/next'")
        async with asyncio.timeout(10):
            body, given_up = await worked.get()
        await shared_stack.unexpose(fresh_name)
    assert (body, given_up) == (b"last words", not keepalive)
