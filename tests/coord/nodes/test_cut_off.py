"""A node that is cut off from Redis alone: its boxes move, and nobody calls them offline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw.config import BusAddress, StoreAddress
from p2claw.coord.bus import leases, locating, redis_bus
from p2claw.coord.nodes import standing, watching
from p2claw.wire.signalling import Introduced, Registered, VisitError
from tests.coord.peers import (
    RawAgent,
    connected_agent,
    connected_visitor,
    eventually,
    key_of,
    registered_agent,
)
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.server import RunningServer, running_server
from tests.support.severed import Way, way_to

KEY = key_of(1)
PATIENCE_S = 30.0


@dataclass(slots=True)
class Scene:
    """Two nodes; the first reaches Redis by a way that can be cut."""

    cut: RunningServer
    whole: RunningServer
    way: Way
    seen: list[str] = field(default_factory=list)

    async def watch(self, alias: str) -> None:
        """Visit the box at the node that is whole, until cancelled, and note what comes."""
        while True:
            async with connected_visitor(self.whole.url, f"v=1&alias={alias}&app=dog") as visitor:
                message = await visitor.next()
                assert isinstance(message, VisitError | Introduced)
                self.seen.append(message.code if isinstance(message, VisitError) else "introduced")
            await asyncio.sleep(0.05)


@pytest.fixture
async def scene(
    tmp_path: Path, pg: Postgresql, rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    monkeypatch.setattr(redis_bus, "LEASE_S", 2.0)
    monkeypatch.setattr(leases, "LEASE_S", 2.0)
    monkeypatch.setattr(leases, "RENEW_S", 0.3)
    monkeypatch.setattr(locating, "SETTLE_S", 2.5)
    monkeypatch.setattr(locating, "RETURN_S", 0.5)
    monkeypatch.setattr(watching, "_LOOK_S", 0.1)
    async with AsyncExitStack() as stack:
        path = rd.url.removeprefix("unix://")
        way = await stack.enter_async_context(way_to(lambda: asyncio.open_unix_connection(path)))
        store = StoreAddress.parse(pg.emptied_database())
        nodes = [
            await stack.enter_async_context(
                running_server(tmp_path / name, store=store, bus=BusAddress.parse(url))
            )
            for name, url in (("cut", f"redis://127.0.0.1:{way.port}"), ("whole", rd.url))
        ]
        yield Scene(nodes[0], nodes[1], way)


@asynccontextmanager
async def box_at(
    server: RunningServer, key: Ed25519PrivateKey
) -> AsyncIterator[tuple[RawAgent, Registered]]:
    """A box at a node, which on a busy machine may be without its short lease for a moment."""
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                box = registered_agent(server.url, key, ("dog",))
                try:
                    registered = await stack.enter_async_context(box)
                    break
                except (aiohttp.WSServerHandshakeError, AssertionError):
                    await asyncio.sleep(0.1)
        yield registered


async def refused_with(server: RunningServer) -> int:
    """The status that an agent gets which comes now."""
    try:
        async with connected_agent(server.url):
            return 101
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


async def readiness(server: RunningServer) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/readyz") as response:
        found = await response.json()
        return str(found.get("reason", found["status"]))


async def test_its_boxes_go_to_another_node_and_are_never_called_offline(scene: Scene) -> None:
    async with box_at(scene.cut, KEY) as (agent, box):
        watcher = asyncio.create_task(scene.watch(box.alias))
        await eventually(lambda: "introduced" in scene.seen)
        scene.way.cut()
        assert await agent.close_code() == 1001
    assert await refused_with(scene.cut) == 503
    assert await readiness(scene.cut) == "cut-off"
    scene.seen.clear()
    # As if it took the box long to come back: longer than it took before any box was missed.
    await asyncio.sleep(locating.SETTLE_S + 0.5)
    assert set(scene.seen) == {"going-down"}
    async with box_at(scene.whole, KEY) as (_, again):
        assert again.alias == box.alias
        await eventually(lambda: scene.seen[-1] == "introduced")
        scene.way.mend()
        coordinator = scene.cut.serving.coordinator
        await eventually(lambda: coordinator.is_bus_there)
        async with asyncio.timeout(PATIENCE_S):
            while await refused_with(scene.cut) == 503:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.05)
            while await readiness(scene.cut) != "ready":  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        async with connected_visitor(scene.cut.url, f"v=1&alias={box.alias}&app=dog") as visitor:
            await visitor.receive(Introduced)
    assert not watcher.done(), watcher.exception()
    watcher.cancel()
    assert "box-offline" not in scene.seen


async def test_it_has_its_lease_again_only_when_its_boxes_are_written(
    scene: Scene, rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_LOOK_S", 60.0)  # it is back before it lets its boxes go
    node = scene.cut.serving.coordinator.node
    assert node is not None
    write = node.presence.back

    async def slowly() -> None:
        await asyncio.sleep(1.5)  # as with 20,000 of them
        await write()

    monkeypatch.setattr(node._bus, "on_back", slowly)
    async with box_at(scene.cut, KEY) as (_, box):
        scene.way.cut()
        rd.stop()
        rd.start()  # it has forgotten the box
        watcher = asyncio.create_task(scene.watch(box.alias))
        await asyncio.sleep(locating.SETTLE_S + 1.0)
        scene.way.mend()
        await eventually(lambda: scene.seen[-1] == "introduced")
    watcher.cancel()
    assert set(scene.seen) == {"going-down", "introduced"}


async def test_a_box_that_comes_to_it_before_it_knows_is_sent_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 60.0)  # it takes itself for a member all the time
    await asyncio.sleep(0.5)
    scene.way.cut()
    async with connected_agent(scene.cut.url) as agent:
        await agent.answer_challenge(KEY, scene.cut.url.partition("//")[2])
        assert await agent.close_code() == 1001
    assert len(scene.cut.rendezvous.boxes) == 0


async def test_if_redis_is_gone_for_all_each_keeps_its_boxes_and_takes_others_after_a_while(
    scene: Scene, rd: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "DECLARED_S", 0.5)
    async with box_at(scene.cut, KEY) as (_, box):
        rd.stop()
        async with asyncio.timeout(PATIENCE_S):
            for status in (503, 101):
                while await refused_with(scene.whole) != status:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.05)
        async with box_at(scene.whole, key_of(2)) as (_, other):
            for server, alias in ((scene.cut, box.alias), (scene.whole, other.alias)):
                async with connected_visitor(server.url, f"v=1&alias={alias}&app=dog") as visitor:
                    await visitor.receive(Introduced)
            assert await readiness(scene.cut) == "ready"
