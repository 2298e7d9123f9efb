"""p2claw.coord.nodes.presence with a real Redis: what is written, taken back and written anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from p2claw import names
from p2claw.config import BusAddress
from p2claw.coord.bus import locating
from p2claw.coord.bus.locating import Facts, Whereabouts
from p2claw.coord.bus.redis_bus import RedisBus
from p2claw.coord.nodes.presence import Presence
from p2claw.coord.online_boxes import OnlineBox, OnlineBoxes
from p2claw.coord.store.base import BoxRecord, Quota
from tests.support.redis_server import RedisServer

KEY = bytes(range(32))
ALIAS = names.key_alias_of(KEY)
RECORD = BoxRecord(KEY, "purplecrab", ALIAS)
WAIT_S = 10.0


class Stage:
    """A node with one box, and another that looks."""

    def __init__(self, bus: RedisBus, other: RedisBus) -> None:
        self.boxes = OnlineBoxes()
        self.superseded: list[int] = []
        self.presence = Presence(bus, self.boxes, self.superseded.append)
        self.bus = bus
        self.other = other

    def online(self, connection: int, token: int) -> None:
        self.boxes.remove(connection - 1)
        self.boxes.add(OnlineBox(connection, KEY, "purplecrab", ALIAS, frozenset(), (), Quota()))
        self.presence.begin(connection, RECORD, token)

    async def is_where(self, where: Whereabouts) -> None:
        async with asyncio.timeout(WAIT_S):
            while (await self.other.find(ALIAS)).whereabouts is not where:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def token(self) -> int:
        entry = (await self.other.find(ALIAS)).entry
        return 0 if entry is None else entry.token


@pytest.fixture
async def stage(rd: RedisServer) -> AsyncIterator[Stage]:
    address = BusAddress.parse(rd.url)
    async with RedisBus(address) as bus, RedisBus(address) as other:
        made = Stage(bus, other)
        running = asyncio.create_task(made.presence.run())
        yield made
        running.cancel()
        await asyncio.wait([running])


async def test_a_box_is_there_until_its_connection_ends(stage: Stage) -> None:
    stage.online(1, await stage.presence.acquire(RECORD))
    await stage.is_where(Whereabouts.THERE)
    stage.presence.end(1)
    await stage.is_where(Whereabouts.OFFLINE)


async def test_of_two_connections_of_a_box_the_end_of_the_older_changes_nothing(
    stage: Stage,
) -> None:
    stage.online(1, await stage.presence.acquire(RECORD))
    token = await stage.presence.acquire(RECORD)
    stage.online(2, token)
    stage.presence.end(1)
    await asyncio.sleep(0.1)
    assert await stage.token() == token


async def test_a_box_whose_connections_crossed_is_there_all_the_same(stage: Stage) -> None:
    lower = await stage.presence.acquire(RECORD)
    higher = await stage.presence.acquire(RECORD)
    stage.online(1, higher)
    stage.online(2, lower)  # it became online last, and so it is the one that stays
    stage.presence.end(1)
    async with asyncio.timeout(WAIT_S):
        while await stage.token() != lower:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert stage.superseded == []


async def test_a_box_that_registered_while_redis_was_silent_is_made_known_afterwards(
    stage: Stage,
) -> None:
    stage.online(1, 0)
    assert await stage.token() == 0
    await stage.presence.back()
    await stage.is_where(Whereabouts.THERE)
    stage.presence.end(1)
    await stage.is_where(Whereabouts.OFFLINE)


async def test_whoever_writes_with_a_lower_token_learns_that_the_box_is_elsewhere(
    stage: Stage,
) -> None:
    stage.online(1, await stage.presence.acquire(RECORD))
    await stage.other.acquire(ALIAS, (), Facts(KEY))
    await stage.presence.back()
    assert stage.superseded == [1]


async def test_a_node_that_is_drained_leaves_its_entries(stage: Stage) -> None:
    token = await stage.presence.acquire(RECORD)
    stage.online(1, token)
    stage.presence.leaves_entries = True
    stage.presence.end(1)
    await asyncio.sleep(0.1)
    assert await stage.token() == token


async def test_the_entry_of_a_box_that_its_node_let_go_stays_until_it_can_be_elsewhere(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locating, "RETURN_S", 0.5)
    token = await stage.presence.acquire(RECORD)
    stage.online(1, token)
    stage.presence.end(1, let_go=True)
    await asyncio.sleep(0.1)
    assert await stage.token() == token
    assert (await stage.bus.find(ALIAS)).whereabouts is Whereabouts.UNKNOWN
    await stage.is_where(Whereabouts.OFFLINE)
    assert (await stage.bus.find(ALIAS)).whereabouts is Whereabouts.OFFLINE


async def test_a_box_that_its_node_let_go_and_that_came_elsewhere_stays_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locating, "RETURN_S", 0.2)
    stage.online(1, await stage.presence.acquire(RECORD))
    stage.presence.end(1, let_go=True)
    token = await stage.other.acquire(ALIAS, (), Facts(KEY))
    await asyncio.sleep(0.5)
    entry = await stage.other._entry(ALIAS)
    assert entry is not None and (entry.node, entry.token) == (stage.other.node, token)
