"""How responses flow through the proxy: no faster than they are read, no longer than wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from p2claw.units import MIB
from p2claw.wire.frames.codes import Code
from tests.support.proxied import proxied
from tests.support.upstreams import OK, Talk, until, upstream_of


async def endless(talk: Talk) -> None:
    await talk.head()
    await talk.send(OK + b"\r\n")
    while True:
        await talk.send(b"x" * 10_000)
        await asyncio.sleep(0)


async def test_a_visitor_that_cancels_ends_the_request_at_the_app(tmp_path: Path) -> None:
    async with upstream_of(endless) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("GET")
        await stream.read()
        stream.reset(Code.CANCEL)
        await upstream.has_ended()


async def test_a_visitor_that_cancels_before_the_response_ends_it_too(tmp_path: Path) -> None:
    async def silent(talk: Talk) -> None:
        await talk.head()
        await talk.until_closed()

    async with upstream_of(silent) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("GET")
        await until(lambda: bool(upstream.requests))
        stream.reset(Code.CANCEL)
        await upstream.has_ended()


async def test_a_visitor_that_cancels_an_upload_ends_it_too(tmp_path: Path) -> None:
    async def reading(talk: Talk) -> None:
        await talk.head()
        await talk.until_closed()

    async with upstream_of(reading) as upstream, proxied(upstream.url, tmp_path) as box:
        stream = box.begin("PUT", fields=(("content-length", "100"),), end=False)
        await stream.write(b"x")
        await until(lambda: bool(upstream.requests))
        stream.reset(Code.CANCEL)
        await upstream.has_ended()


async def test_a_lost_link_ends_every_request_at_the_app(tmp_path: Path) -> None:
    async with upstream_of(endless) as upstream, proxied(upstream.url, tmp_path) as box:
        streams = [box.begin("GET") for _ in range(5)]
        for stream in streams:
            await stream.read()
        box.path.lose()
        for _ in streams:
            await upstream.has_ended()


async def test_a_download_that_is_not_read_stays_in_the_app(tmp_path: Path) -> None:
    """300 MB, a reader that stops now and then, and never more than the buffers in between."""
    size = 300 * MIB
    sent_bytes = taken_bytes = ahead_bytes = 0

    async def flood(talk: Talk) -> None:
        nonlocal sent_bytes
        await talk.head()
        await talk.send(OK + b"Content-Length: %d\r\n\r\n" % size)
        piece = bytes(256 * 1024)
        for _ in range(size // len(piece)):
            await talk.send(piece)
            sent_bytes += len(piece)

    async with upstream_of(flood) as upstream, proxied(upstream.url, tmp_path) as box:
        box.path.far.sent = _Forgetful()
        stream = box.begin("GET")
        await stream.response()
        pauses = 0
        while piece := await stream.read():
            taken_bytes += len(piece)
            if taken_bytes // (30 * MIB) > pauses:
                pauses += 1
                await settled(lambda: sent_bytes)
            ahead_bytes = max(ahead_bytes, sent_bytes - taken_bytes)
    assert taken_bytes == size
    # 1 MiB window, 0.25 queued in the session, 0.5 in the channel, 0.3 read from the socket, and
    # what the kernel and the test's own server hold of a loopback connection.
    assert ahead_bytes < 20 * MIB


class _Forgetful(list[bytes]):
    """The pipe remembers what was sent, which here would be 300 MB."""

    def append(self, message: bytes) -> None:
        pass


async def settled(count: Callable[[], int]) -> None:
    """Wait until count no longer changes."""
    before = -1
    while before != count():
        before = count()
        await asyncio.sleep(0.02)
