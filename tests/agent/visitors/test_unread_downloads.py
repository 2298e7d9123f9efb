"""Visitors that ask for much and read nothing: what the box holds for them is bounded and shared.

Nothing here looks at a clock: what is asserted on are counts of bytes.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from p2claw.agent.http.unread import LEAST_BYTES
from p2claw.agent.upstream.http_connection import READ_BYTES
from p2claw.config import AgentLimits
from p2claw.units import KIB, MIB
from p2claw.wire.frames.codes import Code
from tests.support.proxied import Proxied, proxied
from tests.support.upstreams import OK, Talk, until, upstream_of

TOTAL_BYTES = 16 * MIB
LIMITS = replace(AgentLimits(), unread_bytes=TOTAL_BYTES)
SIZE = 1_200_000
STREAMS = 100
NEIGHBOUR, OTHER = "203.0.113.0/24", "198.51.100.0/24"


async def large(talk: Talk) -> None:
    while await talk.request():
        await talk.send(OK + b"Content-Length: %d\r\n\r\n" % SIZE)
        for start in range(0, SIZE, 65_536):
            await talk.send(bytes(min(65_536, SIZE - start)))


def bound_bytes(streams: int) -> int:
    """What one visitor may hold: its half, and of each response what is under way on top.

    That is the frame which waits, and at most two reads of a connection before it pauses.
    """
    return TOTAL_BYTES // 2 + streams * (LEAST_BYTES + 2 * READ_BYTES)


async def hog(box: Proxied, streams: int = STREAMS) -> None:
    """Ask for so many responses and read none, until no more comes from the app."""
    for _ in range(streams):
        box.begin("GET")
    await until(lambda: held(box) > 0)
    before = 0
    while before != held(box):
        before = held(box)
        await asyncio.sleep(0.1)


def held(box: Proxied) -> int:
    """What the box holds of responses now, as counted and in the connections to the app."""
    return sum(each._count() for each in box.proxy.unread._all)


async def test_downloads_that_nobody_reads_hold_half_at_most(tmp_path: Path) -> None:
    async with (
        upstream_of(large) as upstream,
        proxied(upstream.url, tmp_path, limits=LIMITS) as box,
    ):
        box.path.far.hold()  # the visitor reads nothing of the link
        await hog(box)
        assert TOTAL_BYTES // 4 < held(box) < bound_bytes(STREAMS)


async def test_a_neighbour_downloads_beside_and_within_its_share(tmp_path: Path) -> None:
    async with (
        upstream_of(large) as upstream,
        proxied(upstream.url, tmp_path, limits=LIMITS) as box,
        box.another(NEIGHBOUR) as neighbour,
        box.another(OTHER) as other,
    ):
        box.path.far.hold()
        await hog(box)
        for reader in (neighbour, other):
            response = await reader.ask("GET")
            assert len(response.body) == SIZE
        box.proxy.unread.recount()
        shares = box.proxy.unread._shares
        assert shares.may("a newcomer", NEIGHBOUR, 256 * KIB), "room for a whole queue"
        assert shares.may("a newcomer", OTHER, 256 * KIB)


async def test_two_who_read_nothing_hold_no_more_than_all(tmp_path: Path) -> None:
    async with (
        upstream_of(large) as upstream,
        proxied(upstream.url, tmp_path, limits=LIMITS) as box,
        box.another(OTHER) as other,
    ):
        for one in (box, other):
            one.path.far.hold()
            await hog(one)
        assert held(box) < TOTAL_BYTES + 2 * STREAMS * 4 * LEAST_BYTES


async def test_what_is_cancelled_is_held_no_more(tmp_path: Path) -> None:
    async with (
        upstream_of(large) as upstream,
        proxied(upstream.url, tmp_path, limits=LIMITS) as box,
    ):
        box.path.far.hold()
        streams = [box.begin("GET") for _ in range(20)]
        await until(lambda: held(box) > TOTAL_BYTES // 4)
        for stream in streams:
            stream.reset(Code.CANCEL)
        await until(lambda: held(box) == 0)
        assert box.proxy.unread._all == set()


async def test_a_response_above_the_share_arrives_whole_once_it_is_read(tmp_path: Path) -> None:
    small = replace(LIMITS, unread_bytes=64 * KIB)  # less than one queue
    async with upstream_of(large) as upstream, proxied(upstream.url, tmp_path, limits=small) as box:
        responses = await asyncio.gather(*(box.ask("GET") for _ in range(8)))
        assert [len(response.body) for response in responses] == 8 * [SIZE]
        assert held(box) == 0
