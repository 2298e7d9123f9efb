"""A team whose boxes are at different nodes: visitors of any node are given any of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from p2claw.errors import RefusedError
from p2claw.visitor import PinStore, Visitor
from tests.agent.test_hanging_member import SOON_S, pair_of, stopped
from tests.agent.test_team import asked, body, box, peer_id
from tests.coord.nodes.cluster import cluster
from tests.support.agent import RunningAgent
from tests.support.postgresql import Postgresql
from tests.support.redis_server import RedisServer
from tests.support.server import RunningServer
from tests.support.upstreams import until

# Many visits within the second for which a team is remembered, and few for one address.
PAUSE_S = 0.03


@pytest.fixture
async def nodes(
    tmp_path: Path, pg: Postgresql, rd: RedisServer
) -> AsyncIterator[list[RunningServer]]:
    async with cluster(tmp_path, pg, rd) as running:
        yield running


@asynccontextmanager
async def team_over(
    nodes: list[RunningServer], folder: Path
) -> AsyncIterator[tuple[RunningAgent, RunningAgent, str]]:
    """A founder at the first node, a member at the second one, and the URL of their app."""
    async with (
        box(folder / "a", nodes[0], "founder") as founder,
        box(folder / "b", nodes[1], "member") as member,
    ):
        await asked(founder, "PUT", f"/v1/team/{peer_id(member)}")
        own = founder.agent.parts.registration.names
        assert own is not None
        await asked(member, "PUT", f"/v1/teams/{own.alias}")
        yield founder, member, str(founder.agent.status()["apps"][0]["url"])


async def test_a_member_at_another_node_hangs_and_visitors_of_both_have_the_other_box(
    nodes: list[RunningServer], tmp_path: Path
) -> None:
    async with pair_of(tmp_path, *(node.url for node in nodes)) as pair:
        for hangs in pair.boxes:
            async with stopped(pair.boxes[hangs]), asyncio.timeout(SOON_S):
                found = [await pair.who(number % 2) for number in range(4)]
            assert found == [pair.other(hangs)] * 4
            async with asyncio.timeout(SOON_S):
                for number in range(2):
                    await pair.until_back(hangs, number)


async def test_no_visitor_meets_a_delegation_of_the_key_that_the_founder_had_before(
    nodes: list[RunningServer], tmp_path: Path
) -> None:
    async with team_over(nodes, tmp_path) as (founder, member, url):
        pins = PinStore(tmp_path / "known_boxes.json")
        found: list[str] = []

        async def visit(node: RunningServer) -> None:
            async with await Visitor.open(url, edge=node.url, pins=pins) as visitor:
                found.append(visitor.peer_id)

        async def visit_on() -> None:
            while not done.is_set():
                for node in nodes:
                    # The founder connects anew, with its other key.
                    with suppress(RefusedError):
                        await visit(node)
                    await asyncio.sleep(PAUSE_S)

        await visit(nodes[0])
        done = asyncio.Event()
        visiting = asyncio.create_task(visit_on())
        await asked(founder, "POST", "/v1/identity/rotate")
        await founder.api.online()
        both = {peer_id(founder), peer_id(member)}
        # The pin of this visitor follows as soon as it meets the new key.
        await until(lambda: set(found[-6:]) == both or visiting.done())
        done.set()
        await visiting


async def test_a_team_over_two_nodes_is_visited_whole_until_a_member_is_removed(
    nodes: list[RunningServer], tmp_path: Path
) -> None:
    one, _ = nodes
    async with team_over(nodes, tmp_path) as (founder, member, url):

        async def who(node: RunningServer, visits: int) -> list[str]:
            found = []
            for _ in range(visits):
                async with await Visitor.open(url, edge=node.url) as visitor:
                    found.append((await body(visitor)).partition(" ")[0])
            return sorted(found)

        for node in nodes:
            assert await who(node, 2) == ["founder", "member"]
        kept = [await Visitor.open(url, edge=one.url) for _ in range(2)]
        links = member.agent.parts.visitors
        await until(lambda: len(links) >= 1)
        await asked(founder, "DELETE", f"/v1/team/{peer_id(member)}")
        await until(lambda: len(links) == 0)
        assert await who(one, 2) == ["founder"] * 2
        for visitor in kept:
            await visitor.close()
