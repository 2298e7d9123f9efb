"""Several boxes respond for one alias: with a real coordinator, agents and visitors."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from p2claw.errors import LinkError
from p2claw.visitor import PinStore, Visitor
from p2claw.wire.signalling import Introduced
from tests.coord.peers import connected_visitor
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer
from tests.support.upstreams import Talk, until, upstream_of


@dataclass
class Team:
    """founder, member: two boxes with an app `dog` each, which says who responds."""

    founder: RunningAgent
    member: RunningAgent

    @property
    def alias(self) -> str:
        names = self.founder.agent.parts.registration.names
        assert names is not None
        return names.alias

    @property
    def url(self) -> str:
        return str(self.founder.agent.status()["apps"][0]["url"])

    async def join(self) -> None:
        await asked(self.founder, "PUT", f"/v1/team/{peer_id(self.member)}")
        await asked(self.member, "PUT", f"/v1/teams/{self.alias}")

    async def visit(self, pins: PinStore | None = None) -> Visitor:
        return await Visitor.open(self.url, edge=self.founder.edge, pins=pins)


def peer_id(box: RunningAgent) -> str:
    return box.agent.parts.identity.peer_id


async def asked(box: RunningAgent, method: str, path: str) -> Any:
    status, document = await box.api.ask(method, path)
    assert status == 200, document
    return document


async def refused(box: RunningAgent, method: str, path: str) -> str:
    status, document = await box.api.ask(method, path)
    assert status != 200, document
    return str(document["error"]["code"])


async def body(visitor: Visitor, path: str = "/") -> str:
    return (await (await visitor.request("GET", path)).body()).decode()


@contextlib.asynccontextmanager
async def box(
    home: Path, server: RunningServer, name: str, app: str = "dog", workers: int = 1
) -> AsyncIterator[RunningAgent]:
    async def talk(talk: Talk) -> None:
        while request := await talk.request():
            (host,) = request.values("x-forwarded-host")
            await talk.respond(f"{name} as {host}".encode())

    async with (
        upstream_of(talk) as upstream,
        running_agent(home, server, {app: upstream.url}, workers=workers) as running,
    ):
        yield running


@pytest.fixture
async def team(tmp_path: Path, server: RunningServer) -> AsyncIterator[Team]:
    async with (
        box(tmp_path / "one", server, "founder") as founder,
        box(tmp_path / "two", server, "member") as member,
    ):
        yield Team(founder, member)


async def who(team: Team, visits: int) -> list[str]:
    """Who responded to so many visitors, one after the other."""
    found = []
    for _ in range(visits):
        async with await team.visit() as visitor:
            found.append((await body(visitor)).partition(" ")[0])
    return found


async def test_visitors_are_spread_over_the_boxes_of_a_team(team: Team) -> None:
    await team.join()
    assert sorted(await who(team, 6)) == ["founder"] * 3 + ["member"] * 3


async def test_a_member_is_visited_under_the_name_that_was_asked_for(team: Team) -> None:
    await team.join()
    hosts = set()
    for _ in range(2):
        async with await team.visit() as visitor:
            hosts.add((await body(visitor)).partition(" as ")[2])
    assert hosts == {team.url.removeprefix("http://").rstrip("/")}


async def test_a_box_that_was_not_invited_cannot_join(team: Team) -> None:
    path = f"/v1/teams/{team.alias}"
    assert await refused(team.member, "PUT", path) == "team-not-invited"
    assert await who(team, 3) == ["founder"] * 3


async def test_a_box_that_was_invited_and_has_not_joined_is_given_no_visitor(team: Team) -> None:
    await asked(team.founder, "PUT", f"/v1/team/{peer_id(team.member)}")
    assert await who(team, 3) == ["founder"] * 3


async def test_the_pin_of_a_team_is_the_key_of_its_founder(team: Team, tmp_path: Path) -> None:
    await team.join()
    found = set()
    for number in range(2):
        pins = PinStore(tmp_path / f"pins{number}.json")
        async with await team.visit(pins) as visitor:
            found.add(visitor.peer_id)
        pin = pins.get(team.url.partition("//")[2].rstrip("/"))
        assert pin is not None and pin.peer_id == peer_id(team.founder)
    assert found == {peer_id(team.founder), peer_id(team.member)}


async def test_a_member_that_was_removed_gets_no_visitor_and_loses_those_it_has(
    team: Team,
) -> None:
    await team.join()
    visitors = [await team.visit() for _ in range(2)]
    try:
        links = team.member.agent.parts.visitors
        await until(lambda: len(links) == 1)
        await asked(team.founder, "DELETE", f"/v1/team/{peer_id(team.member)}")
        await until(lambda: len(links) == 0)
        assert await who(team, 3) == ["founder"] * 3
        # Who was at the member is at the founder now.
        assert {(await body(visitor)).partition(" ")[0] for visitor in visitors} == {"founder"}
    finally:
        for visitor in visitors:
            await visitor.close()


async def test_a_member_that_leaves_gets_no_visitor_more(team: Team) -> None:
    await team.join()
    await asked(team.member, "DELETE", f"/v1/teams/{team.alias}")
    assert await who(team, 3) == ["founder"] * 3


async def test_a_visitor_whose_box_goes_away_goes_on_at_another(
    team: Team, tmp_path: Path, server: RunningServer
) -> None:
    async with box(tmp_path / "three", server, "third") as third:
        await asked(team.founder, "PUT", f"/v1/team/{peer_id(third)}")
        await asked(third, "PUT", f"/v1/teams/{team.alias}")
        visitors = [await team.visit() for _ in range(2)]
        assert {(await body(one)).partition(" ")[0] for one in visitors} == {"founder", "third"}
    # Its agent has ended, and has drained before: nothing is lost.
    assert [(await body(one)).partition(" ")[0] for one in visitors] == ["founder"] * 2
    for one in visitors:
        await one.close()


async def test_a_team_is_listed_with_who_is_there(team: Team) -> None:
    await team.join()
    (member,) = (await team.founder.api.get("/v1/team"))["members"]
    assert (member["peer_id"], member["joined"], member["online"]) == (
        peer_id(team.member),
        True,
        True,
    )
    (listed,) = (await team.member.api.get("/v1/team"))["teams"]
    assert (listed["alias"], listed["peer_id"]) == (team.alias, peer_id(team.founder))


async def test_an_app_that_only_the_member_has_is_visited_there(
    team: Team, tmp_path: Path, server: RunningServer
) -> None:
    async with box(tmp_path / "three", server, "third", app="cat") as third:
        await asked(team.founder, "PUT", f"/v1/team/{peer_id(third)}")
        await asked(third, "PUT", f"/v1/teams/{team.alias}")
        url = team.url.replace("dog-", "cat-")
        async with await Visitor.open(url, edge=team.founder.edge) as visitor:
            assert (await body(visitor)).startswith("third")


async def test_without_its_delegation_a_member_is_the_wrong_box(
    team: Team, server: RunningServer
) -> None:
    await team.join()
    key = peer_id(team.founder)
    for _ in range(2):
        async with await Visitor.open(team.url, edge=server.url, key=key) as visitor:
            await body(visitor)
    teams = server.serving.coordinator.rendezvous
    # A coordinator that has lost, or invents, the delegation.
    original = teams.visit

    def forgetful(request: Any, now: float) -> None:
        original(replace(request, statements=()), now)

    teams.visit = forgetful  # type: ignore[method-assign]
    with pytest.raises(LinkError) as refusal:
        for _ in range(2):
            async with await Visitor.open(team.url, edge=server.url, key=key):
                pass
    assert refusal.value.code == "wrong-key"


@pytest.mark.parametrize("whose", ["founder", "member"])
async def test_a_team_outlives_a_change_of_key(team: Team, tmp_path: Path, whose: str) -> None:
    await team.join()
    pins = [PinStore(tmp_path / f"pins{number}.json") for number in range(2)]
    for one in pins:
        async with await team.visit(one):
            pass
    changed = {"founder": team.founder, "member": team.member}[whose]
    await asked(changed, "POST", "/v1/identity/rotate")
    await changed.api.online()
    found: set[str] = set()

    async def both() -> bool:
        # The founder delegates anew once it is connected, and that is noticed within a second.
        for one in pins:
            async with await team.visit(one) as visitor:
                found.add(visitor.peer_id)
        return found == {peer_id(team.founder), peer_id(team.member)}

    async with asyncio.timeout(20):
        while not await both():  # noqa: ASYNC110 - a delegation has no event
            await asyncio.sleep(0.3)


@pytest.mark.parametrize("whose", ["founder", "member"])
async def test_a_visitor_keeps_to_its_box_through_changes_of_its_key(
    team: Team, server: RunningServer, whose: str
) -> None:
    await team.join()
    changed = {"founder": team.founder, "member": team.member}[whose]
    keys = [peer_id(changed)]
    for _ in range(2):
        await asked(changed, "POST", "/v1/identity/rotate")
        await changed.api.online()
        keys.append(peer_id(changed))
    for key in keys:
        for _ in range(2):
            query = f"v=2&alias={team.alias}&app=dog&box={key}"
            async with connected_visitor(server.url, query) as visitor:
                assert (await visitor.receive(Introduced)).peer_id == keys[-1]
