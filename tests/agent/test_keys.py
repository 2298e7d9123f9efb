"""A box changes its key: its names, apps and visitors stay, and the old key is good no more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from p2claw.agent.home.identity import load_identity
from p2claw.errors import LinkError
from p2claw.names import PEER_ID
from p2claw.visitor import PinStore, Visitor
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer
from tests.support.upstreams import Upstream, until


@pytest.fixture
def pins(tmp_path: Path) -> PinStore:
    return PinStore(tmp_path / "known_boxes.json")


async def fetched(url: str, pins: PinStore | None, edge: str) -> str:
    """The key of the box that served a request to its echo."""
    async with await Visitor.open(url, edge=edge, pins=pins) as visitor:
        assert await (await visitor.request("POST", "/", body=b"woof")).body(100) == b"woof"
        return visitor.peer_id


async def rotated(agent: RunningAgent) -> dict[str, object]:
    status, facts = await agent.api.ask("POST", "/v1/identity/rotate")
    assert status == 200, facts
    assert facts["online"]
    await agent.api.online()
    return dict(facts)


def url_of(agent: RunningAgent, which: str = "url") -> str:
    return str(agent.agent.status()["apps"][0][which])


async def test_a_visitor_of_before_follows_to_the_new_key(
    tmp_path: Path, server: RunningServer, upstream: Upstream, pins: PinStore
) -> None:
    async with running_agent(tmp_path / "box", server, {"dog": upstream.url}) as agent:
        url = url_of(agent)
        first = await fetched(url, pins, server.url)
        facts = await rotated(agent)
        assert facts["was"] == first and PEER_ID.fullmatch(str(facts["peer_id"]))
        assert url_of(agent) == url
        assert await fetched(url, pins, server.url) == facts["peer_id"]
        pin = pins.get(url.split("/")[2])
        assert pin is not None and (pin.peer_id, pin.past) == (facts["peer_id"], (first,))
        again = await rotated(agent)
        assert await fetched(url, pins, server.url) == again["peer_id"]


async def test_names_and_links_of_the_old_key_lead_to_the_new_one(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    async with running_agent(tmp_path / "box", server, {"dog": upstream.url}) as agent:
        by_key, link = (
            url_of(agent, "key_url"),
            f"{url_of(agent)}#k={agent.agent.status()['peer_id']}",
        )
        facts = await rotated(agent)
        facts = await rotated(agent)
        new_by_key = url_of(agent, "key_url")
        assert new_by_key != by_key and str(facts["key_alias"]) in new_by_key
        for url in (by_key, link, new_by_key, f"{url_of(agent)}#k={facts['peer_id']}"):
            assert await fetched(url, None, server.url) == facts["peer_id"]


async def test_a_link_that_is_open_outlives_the_change(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    for workers in (1, 2):
        home = tmp_path / f"box{workers}"
        async with (
            running_agent(home, server, {"dog": upstream.url}, workers=workers) as agent,
            await agent.visit() as visitor,
        ):
            await rotated(agent)
            reply = await visitor.request("POST", "/", body=b"still here")
            assert await reply.body(100) == b"still here"
            assert await fetched(url_of(agent), None, server.url) == agent.agent.status()["peer_id"]


async def test_a_box_that_starts_again_has_the_new_key_and_its_alias(
    tmp_path: Path, server: RunningServer, upstream: Upstream, pins: PinStore
) -> None:
    home = tmp_path / "box"
    async with running_agent(home, server, {"dog": upstream.url}) as agent:
        url = url_of(agent)
        await fetched(url, pins, server.url)
        facts = await rotated(agent)
    async with running_agent(home, server) as agent:
        assert url_of(agent) == url
        assert await fetched(url, pins, server.url) == facts["peer_id"]


async def test_a_copy_of_the_old_key_is_refused_and_told_so(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    home, copy = tmp_path / "box", tmp_path / "copy"
    async with running_agent(home, server, {"dog": upstream.url}) as agent:
        copy.mkdir(mode=0o700)
        old = (home / "identity.key").read_bytes()
        (copy / "identity.key").write_bytes(old)
        (copy / "identity.key").chmod(0o600)
        await rotated(agent)
        async with running_agent(copy, server, online=False) as thief:
            control = thief.agent.parts.control
            await until(lambda: control.last_error != "")
            assert "another key now" in control.last_error
        assert agent.agent.status()["coordinator"]["state"] == "online"
        assert await fetched(url_of(agent), None, server.url) == agent.agent.status()["peer_id"]


async def test_a_change_that_the_coordinator_never_heard_of_is_made_at_the_next_start(
    tmp_path: Path, server: RunningServer, upstream: Upstream, pins: PinStore
) -> None:
    """The power is cut when the new key is on the disk, and nothing has been sent."""
    from p2claw.agent.home.identity import replace_identity

    home = tmp_path / "box"
    async with running_agent(home, server, {"dog": upstream.url}) as agent:
        url, alias = url_of(agent), agent.agent.status()["alias"]
        await fetched(url, pins, server.url)
    for _ in range(2):
        replace_identity(
            home / "identity.key", load_identity(home / "identity.key").successor(1_000)
        )
    async with running_agent(home, server) as agent:
        assert agent.agent.status()["alias"] == alias
        assert await fetched(url, pins, server.url) == load_identity(home / "identity.key").peer_id


async def test_without_the_statement_another_key_is_the_wrong_one(
    tmp_path: Path, server: RunningServer, upstream: Upstream, pins: PinStore
) -> None:
    async with running_agent(tmp_path / "box", server, {"dog": upstream.url}) as agent:
        url = url_of(agent)
        await fetched(url, pins, server.url)
        await rotated(agent)
        (box,) = list(server.rendezvous.boxes)
        genuine, box.statements = box.statements, ()
        with pytest.raises(LinkError) as raised:
            await fetched(url, pins, server.url)
        assert raised.value.code == "wrong-key"
        box.statements = (genuine[0][:-1] + bytes([genuine[0][-1] ^ 1]),)
        with pytest.raises(LinkError) as raised:
            await fetched(url, pins, server.url)
        assert raised.value.code == "wrong-key"
        box.statements = genuine
        await fetched(url, pins, server.url)


async def test_rotations_at_once_are_made_one_after_the_other(
    tmp_path: Path, server: RunningServer, upstream: Upstream
) -> None:
    async with running_agent(tmp_path / "box", server, {"dog": upstream.url}) as agent:
        replies = await asyncio.gather(
            *(agent.api.ask("POST", "/v1/identity/rotate") for _ in range(3))
        )
        assert {status for status, _ in replies} <= {200, 400}
        made = sum(status == 200 for status, _ in replies)
        changes = load_identity(tmp_path / "box" / "identity.key").changes
        assert made >= 1 and len(changes) == made
