"""`p2claw server quota --relayed-per-month`: a box above it gets no relay, and is listed so."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import aiohttp

from tests.cli.program import Ran, p2claw
from tests.coord.relayed.test_relay_watch import line
from tests.support.agent import AgentProcess, agent_process
from tests.support.server import server_process

WAIT_S = 30.0


def _page_of(host: str) -> dict[str, str]:
    return {"Host": host, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


async def hints(port: int, host: str) -> str:
    """What a page of this host comes with."""
    async with (
        aiohttp.ClientSession() as web,
        web.get(f"http://127.0.0.1:{port}/", headers=_page_of(f"{host}:{port}")) as reply,
    ):
        return reply.headers["Server-Timing"]


async def relays(port: int, host: str) -> list[dict[str, Any]]:
    """The TURN servers that a visitor of this host is given."""
    text = (await hints(port, host)).partition("p2claw-ice;")[2].split('desc="')[1]
    packed = text.partition('"')[0]
    servers = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    return [one for one in servers if one["urls"][0].startswith("turn")]


async def budget(
    agent: AgentProcess,
    month: tuple[int, int | None, int | None],
    day: tuple[int, int | None, int | None],
    *,
    used_up: bool,
) -> None:
    """Wait until the agent knows this: used, limit and remaining."""
    keys = ("used_bytes", "limit_bytes", "remaining_bytes")
    wanted = {
        "month": dict(zip(keys, month, strict=True)),
        "day": dict(zip(keys, day, strict=True)),
        "used_up": used_up,
    }
    async with asyncio.timeout(WAIT_S):
        while (await agent.api.get("/v1/status"))["relay_budget"] != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_a_box_above_its_share_is_relayed_no_more_and_others_are(home: Path) -> None:
    (home / "secret").write_text("secret\n")
    log = home / "turn.log"
    log.touch()
    given = ("--turn", "turn:127.0.0.1:3478", "--turn-secret-file", str(home / "secret"))
    async with server_process(home, *given, "--turn-log", str(log)) as server:

        async def operator(*arguments: str) -> Ran:
            data = ("server", "--data", str(home / "server"))
            return await asyncio.to_thread(p2claw, home, *data, *arguments)

        url = server.url.replace("127.0.0.1", "localhost")
        async with agent_process(home / "box", url) as agent:
            await agent.api.online()
            (box,) = (await operator("boxes", "--json")).json["boxes"]
            assert (box["relayed_bytes"], box["relayed_per_month"]) == (0, None)
            await budget(agent, month=(0, None, None), day=(0, None, None), used_up=False)
            host = f"dog-{box['alias']}.localhost"
            (turn,) = await relays(server.port, host)
            # What is relayed counts for the box: coturn writes the name, and never sees more of it.
            assert turn["username"].split(":")[1].startswith(f"{box['key_alias']}.")
            limited = await operator("quota", box["alias"], "--relayed-per-month", "50MB", "--json")
            assert (limited.code, limited.json["relayed_per_month"]) == (0, 50_000_000)
            left = (0, 50_000_000, 50_000_000)
            await budget(agent, month=left, day=(0, None, None), used_up=False)
            with log.open("ab") as written:
                written.write(line(box["key_alias"], 50_000_001))
            async with asyncio.timeout(WAIT_S):
                while await relays(server.port, host):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.2)
            used = 50_000_001
            await budget(agent, month=(used, 50_000_000, 0), day=(used, None, None), used_up=True)
            told = (await asyncio.to_thread(p2claw, home / "box", "status")).out
            assert "50.0 MB this month of 50.0 MB, 0 B left" in told
            assert "used up" in told
            shown = (await operator("boxes")).out
            assert "50.0 MB of 50.0 MB" in shown
            assert "used up" in shown
            # Visitors learn why there is no relay, with the page and when they are introduced.
            assert 'p2claw-relay;desc="relay-budget"' in await hints(server.port, host)
            listed = (await operator("quota", box["alias"], "--json")).json
            assert (listed["relay_used_up"], listed["relayed_today_bytes"]) == (True, 50_000_001)
            await operator("quota", box["alias"], "--relayed-per-month", "any")
            assert "p2claw-relay" not in await hints(server.port, host)
            assert len(await relays(server.port, host)) == 1
            per_day = ("--relayed-per-day", "40MB", "--json")
            limited = await operator("quota", box["alias"], *per_day)
            assert (limited.json["relayed_per_day"], limited.json["relayed_per_month"]) == (
                40_000_000,
                None,
            )
            assert await relays(server.port, host) == []
            await operator("quota", box["alias"], "--relayed-per-day", "any")
            assert len(await relays(server.port, host)) == 1
            assert (await operator("quota", box["alias"])).out.count("50.0 MB") == 2


async def test_without_the_log_of_a_relay_nothing_can_be_limited(home: Path) -> None:
    async with server_process(home) as server:
        data = ("server", "--data", str(home / "server"))
        url = server.url.replace("127.0.0.1", "localhost")
        async with agent_process(home / "box", url) as agent:
            await agent.api.online()
            listed = await asyncio.to_thread(p2claw, home, *data, "boxes", "--json")
            alias = listed.json["boxes"][0]["alias"]
            wish = ("quota", alias, "--relayed-per-month", "1GB", "--json")
            refused = await asyncio.to_thread(p2claw, home, *data, *wish)
    assert (refused.code, refused.error["code"]) == (2, "turn-log-missing")
