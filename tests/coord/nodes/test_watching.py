"""p2claw.coord.nodes.watching: what a node writes into the store of others, and of itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from p2claw.coord.nodes.standing import NodeStanding, Standing
from p2claw.coord.nodes.watching import Watching
from p2claw.coord.store.postgresql.store import PostgresqlStore
from tests.support.postgresql import Postgresql


@dataclass
class Seen:
    """What a bus says of itself and of others."""

    node: str = "me"
    has_lease: bool = True
    is_there: bool = True
    lost: list[str] = field(default_factory=list)

    def undeclared(self) -> list[str]:
        return self.lost

    def declared(self, node: str) -> None:
        self.lost.remove(node)


@pytest.fixture
async def store(pg: Postgresql, tmp_path: Path) -> AsyncIterator[PostgresqlStore]:
    opened = await PostgresqlStore.open(pg.emptied_database(), tmp_path / "node")
    yield opened
    await opened.close()


def watching(bus: Seen, store: PostgresqlStore, standing: NodeStanding) -> Watching:
    async def let_go(within_s: float) -> None:
        pass

    return Watching(cast(Any, bus), store, standing, let_go, lambda: 0)


async def test_a_node_that_is_back_forgets_that_it_was_lost_only_while_it_has_the_bus(
    store: PostgresqlStore,
) -> None:
    bus, standing = Seen(has_lease=False), NodeStanding(asyncio.get_running_loop().time())
    stood: list[Standing] = []
    node = watching(bus, store, standing)
    await store.declare_lost("me")
    await node._look()
    stood.append(standing.standing)
    bus.has_lease = True
    await node._look()
    stood.append(standing.standing)
    assert not await store.is_lost("me")
    # Cut off again soon: the others write it while its lease lasts by its own clock.
    bus.is_there = False
    await store.declare_lost("me")
    await node._look()
    bus.has_lease = False
    await node._look()
    stood.append(standing.standing)
    assert stood == [Standing.CUT_OFF, Standing.MEMBER, Standing.CUT_OFF]


async def test_what_others_lost_is_written_once(store: PostgresqlStore) -> None:
    bus = Seen(lost=["other"])
    node = watching(bus, store, NodeStanding(asyncio.get_running_loop().time()))
    await node._look()
    assert await store.is_lost("other") and not bus.lost
