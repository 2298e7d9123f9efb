"""`p2claw team`: two boxes of one machine respond for one alias."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.cli.program import Ran, p2claw
from tests.support.agent import agent_process
from tests.support.server import server_process


async def ran(home: Path, *arguments: str) -> Ran:
    return await asyncio.to_thread(p2claw, home, *arguments)


async def json_of(home: Path, *arguments: str) -> Any:
    done = await ran(home, *arguments, "--json")
    assert done.code == 0, done.err
    return done.json


async def test_a_team_is_made_listed_and_ended_from_the_command_line(home: Path) -> None:
    one, two = home / "1", home / "2"
    async with (
        server_process(home) as server,
        agent_process(one, server.url) as founder,
        agent_process(two, server.url) as member,
    ):
        await founder.api.online()
        await member.api.online()
        alias = (await json_of(one, "identity"))["alias"]
        peer_id = member.facts["peer_id"]

        early = await ran(two, "team", "join", alias, "--json")
        assert (early.code, early.error["code"]) == (2, "team-not-invited")
        assert f"p2claw team invite {peer_id}" in early.error["hint"]
        itself = await ran(one, "team", "invite", founder.facts["peer_id"], "--json")
        assert (itself.code, itself.error["code"]) == (2, "team-itself")
        nobody = await ran(one, "team", "invite", "crab", "--json")
        assert (nobody.code, nobody.error["code"]) == (2, "peer-id-invalid")

        invited = await ran(one, "team", "invite", peer_id)
        assert "invited" in invited.out and f"p2claw team join {alias}" in invited.err
        assert [one["alias"] for one in (await json_of(two, "team", "join", alias))["teams"]] == [
            alias
        ]
        (listed,) = (await json_of(one, "team", "list"))["members"]
        assert (listed["peer_id"], listed["joined"], listed["online"]) == (peer_id, True, True)
        assert "online" in (await ran(one, "team", "list")).out

        assert (await json_of(one, "team", "remove", peer_id))["members"] == []
        again = await ran(one, "team", "remove", peer_id, "--json")
        assert (again.code, again.error["code"]) == (2, "team-not-invited")
        assert (await json_of(two, "team", "list"))["teams"] == []
