"""p2claw.coord.leased_relays: leases held, renewed and run out, and visits meanwhile."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import aiohttp
import pytest

from p2claw.config import TurnKey
from p2claw.coord.leased_relays import LAST_S, LEAST_S, REFUSED_S, RENEW_S, LeasedRelays
from p2claw.coord.turn_key import LEASE_S
from tests.coord.peers import introduced_visitor, key_of, registered_agent
from tests.support.server import running_server
from tests.support.turn_key_service import KEY_ID, TOKEN, TurnKeyService

WAIT_S = 20.0
DOWN = (503, b"", {})


class Clock:
    now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


def key(service: TurnKeyService) -> TurnKey:
    return TurnKey(KEY_ID, TOKEN, service.url)


async def test_a_lease_is_kept_until_half_of_it_is_left(
    service: TurnKeyService, client: aiohttp.ClientSession
) -> None:
    clock = Clock()
    relays = LeasedRelays(key(service), wall_s=clock)
    assert relays.lease(int(clock.now_s)) is None
    assert await relays.refresh(client) == RENEW_S == LEASE_S / 2
    first = relays.lease(int(clock.now_s))
    clock.now_s += RENEW_S
    assert first is not None and relays.lease(int(clock.now_s)) is first
    await relays.refresh(client)
    second = relays.lease(int(clock.now_s))
    assert second is not None and second.expires_at_s == first.expires_at_s + RENEW_S


async def test_a_lease_that_ends_soon_is_given_to_nobody(
    service: TurnKeyService, client: aiohttp.ClientSession
) -> None:
    clock = Clock()
    relays = LeasedRelays(key(service), wall_s=clock)
    await relays.refresh(client)
    ends_s = int(clock.now_s) + LEASE_S
    assert relays.lease(ends_s - LAST_S - 1) is not None
    assert relays.lease(ends_s - LAST_S) is None


async def test_a_spell_of_failures_is_logged_at_its_start_and_at_its_end(
    service: TurnKeyService, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    relays = LeasedRelays(key(service))
    service.respond = DOWN
    for _ in range(5):
        assert LEAST_S <= await relays.refresh(client) <= LEAST_S + 60
    service.respond = None
    await relays.refresh(client)
    await relays.refresh(client)
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("p2claw")]
    assert lines == ["relay credentials failing", "relay credentials back"]
    assert TOKEN not in caplog.text


async def test_the_old_lease_is_given_while_the_service_fails(
    service: TurnKeyService, client: aiohttp.ClientSession
) -> None:
    clock = Clock()
    relays = LeasedRelays(key(service), wall_s=clock)
    await relays.refresh(client)
    service.respond = DOWN
    clock.now_s += RENEW_S
    await relays.refresh(client)
    assert relays.lease(int(clock.now_s)) is not None


async def test_a_token_that_is_refused_is_tried_again_seldom(
    service: TurnKeyService, client: aiohttp.ClientSession
) -> None:
    relays = LeasedRelays(TurnKey(KEY_ID, "another", service.url))
    assert await relays.refresh(client) == REFUSED_S


async def test_a_service_that_asks_to_be_left_alone_is(
    service: TurnKeyService, client: aiohttp.ClientSession
) -> None:
    service.respond = (429, b"", {"Retry-After": "90"})
    assert await LeasedRelays(key(service)).refresh(client) >= 90


async def test_visitor_and_box_are_given_the_relays_beside_those_of_a_secret(
    tmp_path: Path, service: TurnKeyService
) -> None:
    own = {"turn_urls": ("turn:own.example",), "turn_secret": "north"}
    async with running_server(tmp_path, turn_key=key(service), **own) as server:
        relays = server.serving.coordinator.relays
        assert relays is not None
        async with asyncio.timeout(WAIT_S):
            while relays.lease(0) is None:  # noqa: ASYNC110 - the service is another thread
                await asyncio.sleep(0.01)
        async with (
            registered_agent(server.url, key_of(1), ("dog",)) as (_, box),
            introduced_visitor(server, box.alias) as (_, introduced),
        ):
            stun, first, second = introduced.ice_servers
    assert (stun.urls, first.urls) == (("stun:stun.example:3478",), ("turn:own.example",))
    assert second.urls[-1] == "turns:turn.example:443?transport=tcp"
    assert second.credential == "c" * 96
    assert len(service.requests) == 1


async def test_without_a_lease_visits_go_on_without_relays(
    tmp_path: Path, service: TurnKeyService
) -> None:
    service.respond = DOWN
    async with (
        running_server(tmp_path, turn_key=key(service)) as server,
        registered_agent(server.url, key_of(1), ("dog",)) as (_, box),
        introduced_visitor(server, box.alias) as (_, introduced),
    ):
        assert introduced.ice_servers == ()
