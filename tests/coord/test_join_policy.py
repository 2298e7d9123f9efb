"""Who may register: over real sockets, for each of the operator's rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw import names
from p2claw.coord.operator import Operator
from p2claw.errors import P2clawError, UsageError
from p2claw.wire.signalling import (
    AgentError,
    Announce,
    Announced,
    Challenge,
    Claim,
    Claimed,
    Registered,
    VisitError,
    encode_agent,
)
from tests.coord.peers import (
    RawAgent,
    connected_agent,
    connected_visitor,
    key_of,
    registered_agent,
    signed_register,
)
from tests.support.server import RunningServer, running_server


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def operator_of(server: RunningServer) -> Operator:
    return server.serving.coordinator.operator


async def register(agent: RawAgent, server: RunningServer, number: int, invite: str = "") -> None:
    challenge = await agent.receive(Challenge)
    made = signed_register(key_of(number), challenge.nonce, server.url.partition("//")[2])
    fields = {name: getattr(made, name) for name in made.__struct_fields__}
    await agent.ws.send_bytes(encode_agent(type(made)(**{**fields, "invite": invite})))


async def outcome(server: RunningServer, number: int, invite: str = "") -> str:
    """The code of the refusal, or "" if the box was taken."""
    async with connected_agent(server.url) as agent:
        await register(agent, server, number, invite)
        reply: Any = await agent.receive(object)
        if isinstance(reply, Registered):
            return ""
        assert isinstance(reply, AgentError)
        assert await agent.close_code() == 4011
        return reply.code


async def test_by_invitation_one_code_lets_as_many_in_as_it_allows(tmp_path: Path) -> None:
    async with running_server(tmp_path, joining="invite") as server:
        made = await operator_of(server).invite("friends", 2, None)
        assert await outcome(server, 1) == "invite-needed"
        assert await outcome(server, 1, "no code") == "invite-invalid"
        assert await outcome(server, 1, made["code"]) == ""
        assert await outcome(server, 1) == "", "who is known needs none"
        assert await outcome(server, 2, made["code"].upper()) == ""
        assert await outcome(server, 3, made["code"]) == "invite-invalid"
        await operator_of(server).withdraw(made["id"])
        assert await outcome(server, 2) == "", "who has used it stays"


async def test_listed_boxes_need_no_invitation(tmp_path: Path) -> None:
    listed = frozenset({public(key_of(1))})
    async with running_server(tmp_path, joining="invite", listed_boxes=listed) as server:
        assert [await outcome(server, number) for number in (1, 2)] == ["", "invite-needed"]


async def test_by_list_nobody_else_is_admitted_not_even_who_was_known(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        assert await outcome(server, 2) == ""
    listed = frozenset({public(key_of(1))})
    async with running_server(tmp_path, joining="listed", listed_boxes=listed) as server:
        assert [await outcome(server, number) for number in (1, 2, 3)] == [
            "",
            "not-listed",
            "not-listed",
        ]


def test_a_list_of_nobody_is_wrong_usage(tmp_path: Path) -> None:
    from p2claw.config import ServerConfig

    with pytest.raises(UsageError, match="none is listed"):
        ServerConfig(joining="listed")


async def test_the_greeting_shows_how_to_join_and_whether_a_code_is_good(tmp_path: Path) -> None:
    async with running_server(tmp_path, joining="invite") as server, aiohttp.ClientSession() as web:
        code = (await operator_of(server).invite("", 1, None))["code"]
        url = f"{server.url}/__p2claw/v1/agent"
        found = []
        for fields in ({}, {"P2claw-Invite": code}, {"P2claw-Invite": "aaaa"}):
            async with web.get(url, headers=fields) as reply:
                found.append(await reply.json(content_type=None))
        assert [one["joins"] for one in found] == ["invite"] * 3
        assert [one["invited"] for one in found] == [None, True, False]


async def test_a_banned_box_is_put_out_and_stays_out_until_it_is_let_in(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        operator = operator_of(server)
        async with registered_agent(server.url, key_of(1), ("dog",)) as (agent, registered):
            done = await operator.ban(registered.alias, "phishing")
            assert (done["banned"], done["was_online"]) == (True, True)
            assert (await agent.receive(AgentError)).code == "banned"
            assert await agent.close_code() == 4011
        assert await outcome(server, 1) == "banned"
        async with connected_visitor(server.url, f"v=1&alias={registered.alias}") as visitor:
            assert (await visitor.receive(VisitError)).code == "box-offline"
        (entry,) = (await operator.boxes())["boxes"]
        assert (entry["banned"], entry["ban_reason"], entry["online"]) == (True, "phishing", False)
        await operator.unban(names.peer_id_of(public(key_of(1))))
        assert await outcome(server, 1) == ""


async def test_a_key_can_be_banned_before_it_ever_comes(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        await operator_of(server).ban(names.peer_id_of(public(key_of(7))), "")
        assert await outcome(server, 7) == "banned"


@pytest.mark.parametrize("box", ["nobody", "a" * 52, "x" * 300, "ab/c", "%20"])
async def test_who_is_not_there_is_not_found(tmp_path: Path, box: str) -> None:
    async with running_server(tmp_path) as server:
        with pytest.raises(P2clawError) as error:
            await operator_of(server).quota(box, {})
        assert error.value.code in ("box-unknown", "peer-id-invalid")


async def test_apps_above_a_quota_are_refused_by_name(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path) as server,
        registered_agent(server.url, key_of(1)) as (agent, registered),
    ):
        await operator_of(server).quota(registered.alias, {"apps": 2})
        await agent.send(Announce(1, ("d", "c", "b", "a")))
        rejected = (await agent.receive(Announced)).rejected
        assert rejected == {"c": "apps-above-quota", "d": "apps-above-quota"}
        await operator_of(server).quota(registered.alias, {"apps": None})
        await agent.send(Announce(2, ("d", "c", "b", "a")))
        assert (await agent.receive(Announced)).rejected == {}


async def visited(server: RunningServer, alias: str) -> Any:
    async with connected_visitor(server.url, f"v=1&alias={alias}&app=dog") as visitor:
        return await visitor.receive(object)


async def test_visits_above_a_quota_are_asked_to_come_again(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path) as server,
        registered_agent(server.url, key_of(1), ("dog",)) as (_, registered),
    ):
        await operator_of(server).quota(registered.alias, {"visits_per_minute": 2})
        replies = [await visited(server, registered.alias) for _ in range(3)]
        assert [getattr(reply, "code", "") for reply in replies] == ["", "", "box-busy"]
        assert 1 <= replies[2].retry_s <= 31
        assert getattr(await visited(server, "nobody1"), "app", "") == ""
        await operator_of(server).quota(registered.alias, {"visits_per_minute": None})
        assert getattr(await visited(server, registered.alias), "code", "") == ""


async def test_without_relay_neither_page_nor_visit_has_turn_servers(tmp_path: Path) -> None:
    turn = {"turn_urls": ("turn:turn.example.org",), "turn_secret": "x", "stun_urls": ("stun:s",)}
    async with (
        running_server(tmp_path, **turn) as server,
        registered_agent(server.url, key_of(1), ("dog",)) as (_, registered),
    ):
        timing = server.serving.coordinator.server_timing
        before = len((await visited(server, registered.alias)).ice_servers)
        before_bytes = len(await timing.of_box(registered.alias))
        await operator_of(server).quota(registered.alias, {"relay": False})
        after = (await visited(server, registered.alias)).ice_servers
        assert (before, [one.urls for one in after]) == (2, [("stun:s",)])
        assert len(await timing.of_box(registered.alias)) < before_bytes


@pytest.mark.parametrize(
    "change",
    [{"apps": -1}, {"apps": True}, {"apps": 257}, {"visits_per_minute": 0}, {"relay": "no"}],
)
async def test_a_quota_that_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    async with running_server(tmp_path) as server:
        assert await outcome(server, 1) == ""
        with pytest.raises(UsageError, match="quota"):
            await operator_of(server).quota(names.peer_id_of(public(key_of(1))), change)


async def test_a_claimed_alias_leads_to_the_box_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path) as server,
        registered_agent(server.url, key_of(1), ("dog",)) as (agent, registered),
    ):
        await agent.send(Claim("crab"))
        claimed = await agent.receive(Claimed)
        assert (claimed.code, claimed.others) == ("", (registered.alias,))
        for alias in ("crab", registered.alias, registered.key_alias):
            assert getattr(await visited(server, alias), "code", "") == ""
        await agent.send(Claim("crab"))
        assert (await agent.receive(Claimed)).code == ""
        for name, code in (("lobster", "alias-chosen"), ("admin", "alias-reserved")):
            await agent.send(Claim(name))
            assert (await agent.receive(Claimed)).code == code
        async with registered_agent(server.url, key_of(2)) as (agent, _):
            await agent.send(Claim("crrab"))
            assert (await agent.receive(Claimed)).code == "alias-taken"
    async with (
        running_server(tmp_path) as server,
        registered_agent(server.url, key_of(1), ("dog",)) as (_, again),
    ):
        assert (again.alias, again.others) == ("crab", (registered.alias,))
        assert getattr(await visited(server, registered.alias), "code", "") == ""
