"""p2claw.coord.turns over real sockets: more boxes than find a place, and what they are told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from p2claw.config import ServerLimits
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.wire.signalling import Challenge, Registered
from tests.coord.peers import (
    RawAgent,
    connected_agent,
    eventually,
    introduced_visitor,
    key_of,
    registered_agent,
)
from tests.support.server import RunningServer, running_server

# Of which an address that is alone gets one.
FEW = ServerLimits(registrations_waiting=2, registrations_at_work=1)
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


async def _register(server: RunningServer, agent: RawAgent, number: int) -> Registered:
    await agent.answer_challenge(key_of(number), f"127.0.0.1:{server.port}")
    return await agent.receive(Registered)


async def _response(server: RunningServer, *pieces: str) -> tuple[str, bytes]:
    """Head and body of the response to these pieces of a head, sent one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for piece in pieces:
        writer.write(piece.encode())
        await asyncio.sleep(0.05)
    head, _, body = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")
    writer.close()
    return head.decode(), body


@pytest.mark.parametrize("cut", [0, 25], ids=["at once", "in pieces"])
async def test_a_box_that_finds_no_place_is_told_when_to_come(tmp_path: Path, cut: int) -> None:
    request = f"GET /__p2claw/v1/agent HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n"
    async with running_server(tmp_path, limits=FEW) as server, connected_agent(server.url):
        request = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
        head, body = await _response(server, request[:cut], request[cut:])
        assert head.startswith("HTTP/1.1 503 ")
        (after,) = [line for line in head.split("\r\n") if line.lower().startswith("retry-after:")]
        assert int(after.partition(":")[2]) >= 1
        assert json.loads(body)["code"] == "coordinator-busy"
        assert server.serving.coordinator.counts["turned-away/coordinator-busy"] == 1


async def test_who_only_asks_who_this_is_finds_out_all_the_same(tmp_path: Path) -> None:
    request = "GET /__p2claw/v1/agent HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    async with running_server(tmp_path, limits=FEW) as server, connected_agent(server.url):
        head, _ = await _response(server, request)
        assert head.startswith("HTTP/1.1 426 ")


async def test_a_box_that_is_online_has_left_its_place(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, limits=FEW) as server,
        registered_agent(server.url, key_of(1)),
        registered_agent(server.url, key_of(2)),
    ):
        pass


async def test_an_agent_that_goes_before_it_registers_leaves_its_place(tmp_path: Path) -> None:
    async with running_server(tmp_path, limits=FEW) as server:
        async with connected_agent(server.url) as agent:
            await agent.receive(Challenge)
        await eventually(lambda: server.serving.coordinator.registrations == 0)
        async with registered_agent(server.url, key_of(1)):
            pass


async def test_boxes_that_come_at_once_are_all_let_in_and_visited(tmp_path: Path) -> None:
    limits = ServerLimits(registrations_at_work=1, alias_burst=100, registration_burst=100)
    async with running_server(tmp_path, limits=limits) as server:

        async def come(number: int) -> str:
            box = registered_agent(server.url, key_of(number), ("dog",))
            async with box as (_, registered), introduced_visitor(server, registered.alias):
                return registered.alias

        aliases = await asyncio.gather(*map(come, range(1, 31)))
        assert len(set(aliases)) == 30
        await eventually(lambda: server.serving.coordinator.registrations == 0)


async def test_a_registration_whose_agent_has_gone_is_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first one asks a store that is slow, and the second one goes while it waits for its turn.
    asked: list[bytes] = []
    slow = asyncio.Event()
    box_of_key = SqliteStore.box_of_key

    async def slowly(store: SqliteStore, public_key: bytes) -> object:
        asked.append(public_key)
        await slow.wait()
        return await box_of_key(store, public_key)

    monkeypatch.setattr(SqliteStore, "box_of_key", slowly)
    limits = ServerLimits(registrations_at_work=1)
    async with (
        running_server(tmp_path, limits=limits) as server,
        connected_agent(server.url) as first,
    ):
        async with connected_agent(server.url) as second:
            await first.answer_challenge(key_of(1), f"127.0.0.1:{server.port}")
            await eventually(lambda: asked)
            await second.answer_challenge(key_of(2), f"127.0.0.1:{server.port}")
            await asyncio.sleep(0.2)
        await eventually(lambda: server.places.in_use == 1)
        slow.set()
        await first.receive(Registered)
        await eventually(lambda: server.serving.coordinator.registrations == 0)
        assert asked == [key_of(1).public_key().public_bytes_raw()]


async def test_an_agent_of_aiohttp_reads_the_refusal(tmp_path: Path) -> None:
    async with running_server(tmp_path, limits=FEW) as server, connected_agent(server.url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            async with connected_agent(server.url):
                pass
        assert refusal.value.status == 503
        assert refusal.value.headers is not None and int(refusal.value.headers["Retry-After"]) >= 1
