"""Crowds: a small server responds to each in turn, and one network leaves room for others."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

from p2claw.config import AgentLimits
from tests.support.one_thread import one_thread
from tests.support.proxied import proxied
from tests.support.upstreams import Talk, until, upstream_of

REQUESTS = 120  # as many as a visitor may have open
SECONDS = 0.02


async def test_a_small_server_serves_every_request_of_a_crowd(tmp_path: Path) -> None:
    with one_thread(SECONDS) as small:
        async with proxied(f"http://127.0.0.1:{small.port}", tmp_path) as box:
            began = time.monotonic()
            responses = await asyncio.gather(*(box.ask("GET", f"/{n}") for n in range(REQUESTS)))
            took = time.monotonic() - began
    assert {response.status for response in responses} == {200}
    assert small.served == REQUESTS
    assert took < 5 * REQUESTS * SECONDS


async def test_streams_that_never_end_leave_room_for_neighbours_and_others(tmp_path: Path) -> None:
    """As many links of one network as ask for every connection, and more."""

    async def endless(talk: Talk) -> None:
        while request := await talk.request():
            if request.target != "/events":
                await talk.respond(b"page")
                continue
            await talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            await talk.until_closed()

    most = AgentLimits().upstream.connections
    async with (
        upstream_of(endless) as upstream,
        proxied(upstream.url, tmp_path) as box,
        AsyncExitStack() as links,
    ):
        for _ in range(5):
            hog = await links.enter_async_context(box.another("198.51.100.0/24"))
            for _ in range(100):
                hog.begin("GET", "/events")
        async with asyncio.timeout(20):
            await until(lambda: upstream.connections >= most // 2)
        await asyncio.sleep(1)  # for all that are let in
        began = time.monotonic()
        assert (await box.ask("GET", "/")).body == b"page"
        neighbour = await links.enter_async_context(box.another("198.51.100.0/24"))
        assert (await neighbour.ask("GET", "/")).body == b"page"
        assert time.monotonic() - began < 10  # not after the patience of those who wait
        assert upstream.connections <= most * 2 // 3 + 2
