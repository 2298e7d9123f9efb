"""STUN and TURN servers, asked in the background: good ones, silent ones, wrong credentials."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from aioice import Candidate, stun

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.ice import gathering, ice_connection
from p2claw.link.ice.gathering import Gathering
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.ice.ice_connection import IceConnection
from p2claw.link.ice.servers import read_servers
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.wire.signalling import IceServer
from tests.link.ice.carriers import Nobody
from tests.link.peers import pair, without_candidates
from tests.support.turn import TURNSERVER, Coturn, coturn

DEADLINE_S = 20
needs_turnserver = pytest.mark.skipif(
    TURNSERVER is None, reason="coturn is not installed: run `make test`"
)


class BehindNat(asyncio.DatagramProtocol):
    """A STUN server that sees us as 198.51.100.7:4242, whatever we come from."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        request = stun.parse_message(data)
        response = stun.Message(
            stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = ("198.51.100.7", 4242)
        self.transport.sendto(bytes(response), addr)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Candidates in the order that they came, and None at the end."""

    found: list[Candidate | None]
    ended: asyncio.Event
    connection: IceConnection


@contextlib.asynccontextmanager
async def gathered(*servers: IceServer) -> AsyncIterator[Gathered]:
    """Ask these servers for one link; everything is closed at the end."""
    port = UdpPort()
    connection = IceConnection(port, Nobody(), controlling=False)
    connection.open_hosts(host_addresses())
    it = Gathered([], asyncio.Event(), connection)

    def on_candidate(candidate: Candidate | None) -> None:
        it.found.append(candidate)
        if candidate is None:
            it.ended.set()

    gathering_ = Gathering(connection, read_servers(servers), on_candidate)
    gathering_.start()
    try:
        yield it
    finally:
        await gathering_.close()
        await connection.close()
        port.close()


@pytest.fixture
def silent_url() -> Iterator[str]:
    """Where a socket is bound that never responds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{silent.getsockname()[1]}"


@pytest.fixture
async def stun_url() -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(BehindNat, local_addr=("0.0.0.0", 0))
    yield f"stun:127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    transport.close()


@pytest.fixture
async def turn(tmp_path: Path) -> AsyncIterator[Coturn]:
    async with coturn(tmp_path) as running:
        yield running


async def test_the_address_that_the_internet_sees_is_found(stun_url: str) -> None:
    async with gathered(IceServer((stun_url,))) as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert [(c.host, c.port, c.type) for c in it.found if c] == [
            ("198.51.100.7", 4242, "srflx")
        ]


async def test_what_a_server_has_reported_of_a_port_is_in_its_next_description(
    stun_url: str,
) -> None:
    port = UdpPort()
    servers = [IceServer((stun_url,))]
    ended = asyncio.Event()
    candidates: list[str] = []

    def on_candidate(candidate: str, mid: str) -> None:
        candidates.append(candidate)
        if not candidate:
            ended.set()

    first = VisitorPeer(ice_servers=servers, on_candidate=on_candidate, port=port)
    second = VisitorPeer(ice_servers=servers, on_candidate=on_candidate, port=port)
    stranger = VisitorPeer(on_candidate=on_candidate, port=port)
    try:
        assert "198.51.100.7" not in await first.offer()
        await asyncio.wait_for(ended.wait(), DEADLINE_S)
        ended.clear()
        candidates.clear()
        assert " 198.51.100.7 4242 typ srflx " in await second.offer()
        await asyncio.wait_for(ended.wait(), DEADLINE_S)
        assert candidates == [""]  # once is enough
        # Who is not to ask a server does not send what one has reported.
        assert "198.51.100.7" not in await stranger.offer()
    finally:
        for peer in (first, second, stranger):
            await peer.close()
        port.close()


async def test_a_good_server_is_used_although_another_is_silent(
    silent_url: str, stun_url: str
) -> None:
    async with gathered(IceServer((f"stun:{silent_url}", stun_url))) as it:
        async with asyncio.timeout(DEADLINE_S):
            while not it.found:  # noqa: ASYNC110 - candidates come by a plain call
                await asyncio.sleep(0.001)
        assert it.found[0] is not None
        assert not it.ended.is_set()


async def test_silent_servers_end_the_gathering_at_its_deadline(
    silent_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "GATHER_TIMEOUT_S", 0.05)
    servers = IceServer((f"stun:{silent_url}", f"turn:{silent_url}"), "visitor", "right")
    async with gathered(servers) as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert it.found == [None]


async def test_no_server_at_all_ends_the_gathering_at_once() -> None:
    async with gathered() as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert it.found == [None]


async def test_a_server_without_an_address_is_left(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with gathered(IceServer(("stun:nobody.invalid",))) as it:
            await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
            assert it.found == [None]


@needs_turnserver
async def test_a_relay_gives_an_address(turn: Coturn) -> None:
    async with gathered(turn.server()) as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert [(c.host, c.type) for c in it.found if c] == [(turn.address, "relay")]


@needs_turnserver
async def test_a_relay_is_reached_by_tcp(turn: Coturn) -> None:
    async with gathered(turn.server("turn:{turn}?transport=tcp")) as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert [c.type for c in it.found if c] == ["relay"]


@needs_turnserver
async def test_the_second_relay_is_used_when_the_first_is_dead(
    turn: Coturn, silent_url: str
) -> None:
    async with gathered(turn.server(f"turn:{silent_url}", "turn:{turn}")) as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert [c.type for c in it.found if c] == ["relay"]


@needs_turnserver
async def test_one_relay_is_enough(turn: Coturn) -> None:
    async with gathered(turn.server("turn:{turn}", "turn:{turn}?transport=tcp")) as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert [c.type for c in it.found if c] == ["relay"]


@needs_turnserver
async def test_udp_is_doubted_if_only_tcp_gets_to_a_server(
    turn: Coturn, silent_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then those by TCP are asked without the head start that UDP has, which is for ever here."""
    monkeypatch.setattr(gathering, "TURN_HEAD_START_S", 60.0)
    urls = (f"turn:{silent_url}", "turn:{turn}?transport=tcp")
    servers = (IceServer((f"stun:{silent_url}",)), turn.server(*urls))
    async with gathered(*servers) as it:
        async with asyncio.timeout(DEADLINE_S):
            while not it.found:  # noqa: ASYNC110 - candidates come by a plain call
                await asyncio.sleep(0.001)
        assert it.found[0] is not None and it.found[0].type == "relay"
        assert it.connection.doubts_udp


@needs_turnserver
async def test_udp_is_doubted_if_the_first_relay_is_dead_and_tcp_gets_to_the_second(
    turn: Coturn, silent_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first one TCP is refused: it says nothing of UDP."""
    monkeypatch.setattr(gathering, "TURN_HEAD_START_S", 60.0)
    dead = (f"turn:{silent_url}", f"turn:{silent_url}?transport=tcp")
    servers = (
        IceServer((f"stun:{silent_url}",)),
        turn.server(*dead, f"turn:{silent_url}?transport=udp", "turn:{turn}?transport=tcp"),
    )
    async with gathered(*servers) as it:
        async with asyncio.timeout(DEADLINE_S):
            while not it.found:  # noqa: ASYNC110 - candidates come by a plain call
                await asyncio.sleep(0.001)
        assert it.found[0] is not None and it.found[0].type == "relay"
        assert it.connection.doubts_udp


@needs_turnserver
async def test_udp_is_not_doubted_if_a_server_responds_by_it(turn: Coturn, stun_url: str) -> None:
    servers = (IceServer((stun_url,)), turn.server("turn:{turn}?transport=tcp"))
    async with gathered(*servers) as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert {c.type for c in it.found if c} == {"srflx", "relay"}
        assert not it.connection.doubts_udp


@needs_turnserver
async def test_a_relay_does_not_wait_for_direct_paths_while_udp_is_doubted(
    turn: Coturn, silent_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice_connection, "RELAY_PATIENCE_S", 60.0)
    servers = (IceServer((f"stun:{silent_url}",)), turn.server("turn:{turn}?transport=tcp"))
    async with pair(ice_servers=servers, change=without_candidates) as peers:
        await peers.join()
        await peers.channels()
        assert peers.visitor.path() == "relayed"


@needs_turnserver
async def test_a_wrong_credential_is_logged(turn: Coturn, caplog: pytest.LogCaptureFixture) -> None:
    async with gathered(turn.server(credential="wrong")) as it:
        await asyncio.wait_for(it.ended.wait(), DEADLINE_S)
        assert it.found == [None]
    assert "turn server refused" in [record.getMessage() for record in caplog.records]


@needs_turnserver
async def test_a_link_opens_through_a_relay_that_was_trickled(turn: Coturn) -> None:
    async with pair(ice_servers=(turn.server(),), change=without_candidates) as peers:
        await peers.join()
        await peers.channels()
        assert peers.visitor.path() == "relayed"
