"""p2claw.agent.visitors.month_gate: what visitors of an app get that has used up its month."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from p2claw.errors import StreamResetError
from p2claw.wire.frames.codes import Code
from tests.support.guarded_box import PAGE, guarded_box
from tests.support.proxied import proxied, whole
from tests.support.upstreams import OK, Talk, echo, until, upstream_of


async def test_a_person_gets_a_page_and_a_program_an_error(tmp_path: Path) -> None:
    until_s = time.time() + 26 * 86_400
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        box.proxy.month_gate.close({"dog": until_s})
        page = await box.ask("GET", "/a", PAGE)
        other = await box.ask("GET", "/a")
        post = await box.ask("POST", "/a", body=b"hello")
        assert upstream.requests == []
    assert (page.status, page.error) == (503, "")
    assert b"used up its month" in page.body and b"26 days" in page.body
    for refused in (page, other, post):
        assert 0 <= 26 * 86_400 - int(refused.value("retry-after") or 0) < 60
        assert refused.value("cache-control") == "no-store"
    assert (other.status, other.error) == (503, "month-used-up")
    assert (post.status, post.error) == (503, "month-used-up")


async def test_another_app_and_the_next_month_are_open(tmp_path: Path) -> None:
    async with upstream_of(echo) as upstream, proxied(upstream.url, tmp_path) as box:
        box.proxy.month_gate.close({"cat": time.time() + 60})
        assert (await box.ask("GET")).status == 200
        box.proxy.month_gate.close({"dog": time.time() + 60})
        assert (await box.ask("GET")).status == 503
        box.proxy.month_gate.close({})
        assert (await box.ask("GET")).status == 200


async def test_what_is_under_way_ends(tmp_path: Path) -> None:
    async def endless(talk: Talk) -> None:
        await talk.request()
        await talk.send(OK + b"Content-Length: 1000\r\n\r\nhello")
        await talk.until_closed()

    async with upstream_of(endless) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("GET")
        await stream.response()
        assert await stream.read() == b"hello"
        box.proxy.month_gate.close({"dog": time.time() + 60})
        with pytest.raises(StreamResetError) as raised:
            await stream.read()
        assert raised.value.reset_code == Code.LIMIT
        await upstream.has_ended()


async def test_what_has_no_response_yet_gets_the_error(tmp_path: Path) -> None:
    async def silent(talk: Talk) -> None:
        await talk.request()
        await talk.until_closed()

    async with upstream_of(silent) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("GET")
        await until(lambda: bool(upstream.requests))
        box.proxy.month_gate.close({"dog": time.time() + 60})
        response = await asyncio.wait_for(whole(stream), 20)
    assert (response.status, response.error) == (503, "month-used-up")


async def test_who_may_not_enter_does_not_learn_of_it(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        guarded.box.proxy.month_gate.close({"dog": time.time() + 60})
        door = await guarded.box.ask("GET", "/", PAGE)
        assert (door.status, b"month" in door.body) == (401, False)
        inside = await guarded.box.ask("GET", "/", (*PAGE, await guarded.cookie()))
        assert inside.status == 503
