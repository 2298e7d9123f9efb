"""The channel of the data plane as the pump sees it."""

from __future__ import annotations

import asyncio

from p2claw.link.peer import Peer
from tests.link.peers import DEADLINE_S, User, pair


async def test_messages_that_came_before_the_user_are_handed_over() -> None:
    async with pair() as peers:
        await peers.join()
        to_box, to_visitor = await peers.channels()
        to_box.send(b"first")
        to_box.send(b"second")
        user = User()
        async with asyncio.timeout(DEADLINE_S):
            while _chunks_in(peers.box) < 2:  # noqa: ASYNC110 - no event yet
                await asyncio.sleep(0.001)
        to_visitor.attach(user, low_water_bytes=0)
        assert user.messages == [b"first", b"second"]


async def test_a_flood_before_anyone_listens_closes_the_channel() -> None:
    async with pair() as peers:
        await peers.join()
        to_box, to_visitor = await peers.channels()
        at_visitor, at_box = User(), User()
        to_box.attach(at_visitor, low_water_bytes=0)
        for _ in range(100):
            to_box.send(b"x")
        await asyncio.wait_for(at_visitor.closed.wait(), DEADLINE_S)
        to_visitor.attach(at_box, low_water_bytes=0)
        assert at_box.closed.is_set()


async def test_the_user_learns_when_the_channel_has_drained() -> None:
    async with pair() as peers:
        await peers.join()
        to_box, to_visitor = await peers.channels()
        at_visitor, at_box = User(), User()
        to_box.attach(at_visitor, low_water_bytes=16_384)
        to_visitor.attach(at_box, low_water_bytes=0)
        for _ in range(10):
            to_box.send(bytes(16_384))
        assert to_box.buffered_bytes > 16_384
        await asyncio.wait_for(at_visitor.drained.wait(), DEADLINE_S)
        assert to_box.buffered_bytes <= 16_384


async def test_sending_on_a_closed_channel_does_nothing() -> None:
    async with pair() as peers:
        await peers.join()
        to_box, _ = await peers.channels()
        user = User()
        to_box.attach(user, low_water_bytes=0)
        await peers.box.close()
        await asyncio.wait_for(user.closed.wait(), DEADLINE_S)
        to_box.send(b"too late")
        assert to_box.buffered_bytes == 0


async def test_closing_lets_what_was_sent_arrive() -> None:
    async with pair() as peers:
        await peers.join()
        to_box, to_visitor = await peers.channels()
        at_visitor, at_box = User(), User()
        to_box.attach(at_visitor, low_water_bytes=0)
        to_visitor.attach(at_box, low_water_bytes=0)
        for _ in range(20):
            to_box.send(bytes(16_384))
        to_box.close()
        assert len(await at_box.read(20 * 16_384)) == 20 * 16_384
        await asyncio.wait_for(at_visitor.closed.wait(), DEADLINE_S)


def _chunks_in(peer: Peer) -> int:
    plane = peer.stats().plane
    return 0 if plane is None else plane["messages_in"]
