"""A visitor that makes a box work: it is read less, then its link ends; others notice nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from p2claw.wire.frames.limits import DEFAULT_LIMITS
from tests.hostile.attacks import open_and_cancel
from tests.support.proxied import proxied
from tests.support.upstreams import Talk, until, upstream_of


async def page(talk: Talk) -> None:
    while request := await talk.request():
        if request.target == "/hang":
            await talk.until_closed()
            return
        await talk.respond(b"page")


async def test_a_visitor_that_opens_and_cancels_without_end_loses_its_link(tmp_path: Path) -> None:
    async with (
        upstream_of(page) as upstream,
        proxied(upstream.url, tmp_path) as box,
        box.another("203.0.113.0/24") as neighbour,
    ):
        assert (await box.ask("GET", "/")).body == b"page"
        open_and_cancel(box, 20_000)
        assert (await neighbour.ask("GET", "/")).body == b"page"
        async with asyncio.timeout(10):
            await until(lambda: box.visitor.loss is not None)
        assert box.visitor.loss is not None
        assert box.visitor.loss.code == "limit"
        assert "too much work" in box.visitor.loss.message
        assert box.box.session.counters.frames_in < 2 * 5_000


async def test_one_that_did_so_for_a_moment_is_only_served_later(tmp_path: Path) -> None:
    async with upstream_of(page) as upstream, proxied(upstream.url, tmp_path) as box:
        assert (await box.ask("GET", "/")).body == b"page"
        open_and_cancel(box, DEFAULT_LIMITS.reset_burst + 400)
        await until(lambda: box.box._driver._late.messages is not None)
        await until(lambda: box.box._driver._late.messages is None)
        assert box.visitor.loss is None
        assert box.box.session.counters.frames_in > 2 * (DEFAULT_LIMITS.reset_burst + 400)
