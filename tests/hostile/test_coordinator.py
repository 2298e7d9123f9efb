"""Boxes and visitors that flood a coordinator with signalling: others are introduced meanwhile."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable

import aiohttp

from p2claw.wire.signalling import BoxCandidate, BoxEnd, encode_agent
from tests.coord.peers import connected_agent, introduced_visitor, key_of, registered_agent
from tests.hostile.attacks import TIMES
from tests.hostile.neighbours import FLOOR_S, MORE_BYTES, ROUND_TRIPS, resident_bytes
from tests.support.server import RunningServer


async def introduction(server: RunningServer, alias: str) -> float:
    """Seconds until a visitor of a box is introduced."""
    begun = time.monotonic()
    async with introduced_visitor(server, alias):
        return time.monotonic() - begun


async def introduced_beside(server: RunningServer, attack: Awaitable[None]) -> None:
    """Visitors of a well-behaved box are introduced while the attack lasts."""
    async with registered_agent(server.url, key_of(1), ("dog",)) as (_, box):
        usual_s = statistics.median([await introduction(server, box.alias) for _ in range(10)])
        before = resident_bytes()
        attacking = asyncio.ensure_future(attack)
        took = []
        for _ in range(15):
            took.append(await introduction(server, box.alias))
            await asyncio.sleep(0.02)
        attacking.cancel()
        for done in await asyncio.gather(attacking, return_exceptions=True):
            if done is not None and not isinstance(done, asyncio.CancelledError):
                raise done
        assert max(took) < max(FLOOR_S, ROUND_TRIPS * usual_s)
        assert resident_bytes() - before < MORE_BYTES
        assert server.rendezvous.visits <= 1


async def test_a_box_that_ends_what_never_was(server: RunningServer) -> None:
    async def attack() -> None:
        async with registered_agent(server.url, key_of(2), ("dog",)) as (agent, _):
            end = encode_agent(BoxEnd("x" * 22))
            for _ in range(20_000 * TIMES):
                await agent.ws.send_bytes(end)

    await introduced_beside(server, attack())


async def test_a_box_that_sends_candidates_without_end(server: RunningServer) -> None:
    async def attack() -> None:
        async with registered_agent(server.url, key_of(2), ("dog",)) as (agent, _):
            candidate = encode_agent(BoxCandidate("x" * 22, "candidate:" + "1" * 900, "0"))
            for _ in range(20_000 * TIMES):
                await agent.ws.send_bytes(candidate)

    await introduced_beside(server, attack())


async def test_connections_that_never_register(server: RunningServer) -> None:
    async def attack() -> None:
        async def one() -> None:
            try:
                async with connected_agent(server.url):
                    await asyncio.sleep(5)
            except aiohttp.WSServerHandshakeError as refusal:
                assert refusal.status == 429

        await asyncio.gather(*(one() for _ in range(40 * TIMES)))

    await introduced_beside(server, attack())


async def test_posts_of_visits_that_are_none(server: RunningServer) -> None:
    async def attack() -> None:
        body = json.dumps({"session": "x" * 22, "messages": [{"t": "end"}] * 60}).encode()
        async with aiohttp.ClientSession() as http:

            async def one() -> None:
                for _ in range(50 * TIMES):
                    async with http.post(f"{server.url}/__p2claw/v1/visit/next", data=body) as done:
                        assert done.status == 200
                        await done.read()

            await asyncio.gather(*(one() for _ in range(30)))

    await introduced_beside(server, attack())
