"""A box of a team is stopped, as a machine that hangs: its visitors have another one at once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.config import ServerLimits
from p2claw.errors import LinkError
from p2claw.visitor import Visitor
from tests.agent.test_team import body
from tests.support.agent import AgentProcess, agent_process, expose_before_start
from tests.support.server import RunningServer, running_server
from tests.support.upstreams import Talk, upstream_of

# Sooner than the keepalive notices anything, and much later than the next box is asked.
SOON_S = 20.0
# Few enough visits for one address.
AGAIN_S = 0.2


@contextlib.asynccontextmanager
async def box_process(home: Path, url: str, name: str) -> AsyncIterator[AgentProcess]:
    """An agent as a process, with an app `dog` that says its name."""

    async def talk(talk: Talk) -> None:
        while await talk.request():
            await talk.respond(name.encode())

    async with upstream_of(talk) as upstream:
        home.mkdir(mode=0o700)
        expose_before_start(home, {"dog": upstream.url})
        async with agent_process(home, url) as agent:
            await agent.api.online()
            yield agent


class Pair:
    """Two boxes of a team, by the name that each says of itself. edges: where they are visited."""

    def __init__(self, edges: list[str], boxes: dict[str, AgentProcess], url: str) -> None:
        self.edges = edges
        self.boxes = boxes
        self.url = url

    async def visit(self) -> Visitor:
        return await Visitor.open(self.url, edge=self.edges[0])

    async def who(self, edge: int = 0) -> str:
        async with await Visitor.open(self.url, edge=self.edges[edge]) as visitor:
            return await body(visitor)

    async def until_back(self, box: str, place: int = 0) -> None:
        """Visit until this box responds."""
        while True:
            if await self.who(place) == box:
                return
            await asyncio.sleep(AGAIN_S)

    def other(self, name: str) -> str:
        (other,) = self.boxes.keys() - {name}
        return other


@contextlib.asynccontextmanager
async def pair_of(tmp_path: Path, *edges: str) -> AsyncIterator[Pair]:
    """The founder is at the first of these servers, the member at the last one."""
    async with (
        box_process(tmp_path / "founder", edges[0], "founder") as founder,
        box_process(tmp_path / "member", edges[-1], "member") as member,
    ):
        status = await founder.api.get("/v1/status")
        await founder.api.ask("PUT", f"/v1/team/{member.facts['peer_id']}")
        joined, facts = await member.api.ask("PUT", f"/v1/teams/{status['alias']}")
        assert joined == 200, facts
        url = str(status["apps"][0]["url"])
        yield Pair(list(edges), {"founder": founder, "member": member}, url)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path) as server:
        yield server


@pytest.fixture
async def pair(tmp_path: Path, server: RunningServer) -> AsyncIterator[Pair]:
    async with pair_of(tmp_path, server.url) as pair:
        yield pair


@contextlib.asynccontextmanager
async def stopped(agent: AgentProcess) -> AsyncIterator[None]:
    agent.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        agent.signal(signal.SIGCONT)


@pytest.mark.parametrize("hangs", ["founder", "member"])
async def test_new_visitors_have_the_other_box_while_one_hangs_and_both_once_it_is_back(
    pair: Pair, hangs: str
) -> None:
    async with stopped(pair.boxes[hangs]), asyncio.timeout(SOON_S):
        assert [await pair.who() for _ in range(6)] == [pair.other(hangs)] * 6
    async with asyncio.timeout(SOON_S):
        await pair.until_back(hangs)


async def test_a_visitor_that_is_at_a_box_has_the_other_one_when_it_hangs(pair: Pair) -> None:
    async with await pair.visit() as visitor:
        who = await body(visitor)
        async with stopped(pair.boxes[who]), asyncio.timeout(SOON_S):
            with pytest.raises(LinkError):
                await body(visitor)  # the box may have done what was asked
            assert await body(visitor) == pair.other(who)


async def test_only_the_first_visitor_waits_for_a_box_that_hangs(
    pair: Pair, server: RunningServer
) -> None:
    async with stopped(pair.boxes["member"]), asyncio.timeout(SOON_S):
        for _ in range(6):
            await pair.who()
    counts = server.serving.coordinator.counts
    assert counts["refused/box-silent"] == 1


async def test_a_box_is_waited_for_if_there_is_no_other(tmp_path: Path) -> None:
    limits = ServerLimits(next_box_s=0.05)
    async with (
        running_server(tmp_path, limits=limits) as server,
        pair_of(tmp_path, server.url) as pair,
    ):
        pair.boxes["member"].signal(signal.SIGTERM)
        await pair.boxes["member"].wait()
        async with stopped(pair.boxes["founder"]):
            asking = asyncio.create_task(pair.who())
            await asyncio.sleep(10 * limits.next_box_s)
            assert not asking.done()
        assert await asking == "founder"
