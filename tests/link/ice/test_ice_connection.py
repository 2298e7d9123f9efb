"""Checks of one ICE agent against a peer that the test plays, packet by packet."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from aioice import stun
from aioice.ice import CandidatePair

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.ice import check_socket, ice_connection
from p2claw.link.ice.candidates import read_candidate
from p2claw.link.ice.host_addresses import HostAddress
from p2claw.link.ice.ice_connection import PAIRS, IceConnection
from tests.link.ice.carriers import Nobody
from tests.support.sockets import until

LOOPBACK = HostAddress("127.0.0.1", 65_535)
PASSWORD = "p" * 22
DEADLINE_S = 10


class Played(asyncio.DatagramProtocol):
    """The peer: keeps what it gets, responds when asked to."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        self.address: tuple[str, int] = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self.got.put_nowait(data)

    async def request(self) -> stun.Message:
        """The next request that it gets."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                message = stun.parse_message(await self.got.get())
                if message.message_class is stun.Class.REQUEST:
                    return message


@dataclass(frozen=True, slots=True)
class Scene:
    connection: IceConnection
    played: Played
    connecting: asyncio.Task[None]

    @property
    def address(self) -> tuple[str, int]:
        candidate = self.connection.local_candidates[0]
        return candidate.host, candidate.port

    def send(self, data: bytes) -> None:
        self.played.transport.sendto(data, self.address)

    def check(self, **attributes: object) -> bytes:
        """A check of the peer, authenticated as RFC 8445 §7.2.2 says."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.connection.local_username}:peer"
        request.attributes["PRIORITY"] = 1_853_824_767
        if "ICE-CONTROLLED" not in attributes:
            request.attributes["ICE-CONTROLLING"] = 1
        request.attributes.update(attributes)
        request.add_message_integrity(self.connection.local_password.encode())
        return bytes(request)

    def respond(self, request: stun.Message, *, error: tuple[int, str] | None = None) -> None:
        """Respond to a check of ours, authenticated."""
        response = stun.Message(
            stun.Method.BINDING,
            stun.Class.ERROR if error else stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
        )
        if error:
            response.attributes["ERROR-CODE"] = error
        else:
            response.attributes["XOR-MAPPED-ADDRESS"] = self.address
        response.add_message_integrity(PASSWORD.encode())
        self.send(bytes(response))

    async def selected(self) -> None:
        """Wait until the agent is connected, by the path to the played peer."""
        await asyncio.wait_for(self.connecting, DEADLINE_S)
        assert self.connection.selected is not None
        assert self.connection.selected.remote_addr == self.played.address


@contextlib.asynccontextmanager
async def scene(*, controlling: bool = False, is_hurried: bool = False) -> AsyncIterator[Scene]:
    """An agent that is connecting, controlled as a box's is, and the socket of its peer."""
    loop = asyncio.get_running_loop()
    _, played = await loop.create_datagram_endpoint(Played, local_addr=("127.0.0.1", 0))
    port = UdpPort()
    ice = IceConnection(port, Nobody(), controlling=controlling, is_hurried=is_hurried)
    ice.open_hosts([LOOPBACK])
    ice.remote_username, ice.remote_password = "peer", PASSWORD
    connecting = asyncio.create_task(ice.connect())
    try:
        yield Scene(ice, played, connecting)
    finally:
        await ice.close()
        port.close()
        await asyncio.wait([connecting])
        _ = connecting.exception()
        played.transport.close()


def _candidate(address: tuple[str, int], kind: str = "host") -> Any:
    return read_candidate(f"candidate:1 1 udp 1 {address[0]} {address[1]} typ {kind}")


async def test_a_check_that_comes_while_ours_waits_sends_ours_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No timer may send it: what the NAT dropped has to come because of the peer's check.
    monkeypatch.setattr(stun, "RETRY_RTO", 3600)
    monkeypatch.setattr(check_socket, "SOON_S", ())
    async with scene() as it:
        it.connection.add_remote(_candidate(it.played.address))
        dropped = await it.played.request()
        it.send(it.check())
        again = await it.played.request()
        assert again.transaction_id == dropped.transaction_id


async def test_a_check_without_a_response_is_repeated_before_the_timer_of_stun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stun, "RETRY_RTO", 3600)
    async with scene() as it:
        it.connection.add_remote(_candidate(it.played.address))
        checks = [await it.played.request() for _ in range(1 + len(check_socket.SOON_S))]
        assert len({check.transaction_id for check in checks}) == 1
        assert it.connection.rtt_s is None


async def test_of_many_checks_none_is_repeated_so_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun, "RETRY_RTO", 3600)
    monkeypatch.setattr(check_socket, "FEW", 0)
    async with scene() as it:
        it.connection.add_remote(_candidate(it.played.address))
        await it.played.request()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(it.played.request(), 0.4)


async def test_the_first_response_measures_the_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_socket, "SOON_S", (float(DEADLINE_S),))
    async with scene() as it:
        it.connection.add_remote(_candidate(it.played.address))
        it.respond(await it.played.request())
        await until(lambda: it.connection.rtt_s is not None)


async def test_a_peer_that_named_no_candidate_is_found_by_its_check() -> None:
    async with scene() as it:
        it.send(it.check())
        assert (await it.played.request()).attributes["USERNAME"].startswith("peer:")


async def test_the_agent_is_connected_when_the_nominated_check_has_a_response() -> None:
    async with scene() as it:
        it.send(it.check(**{"USE-CANDIDATE": None}))
        it.respond(await it.played.request())
        await it.selected()


async def test_packets_go_where_a_check_came_from_before_any_of_ours_has_a_response() -> None:
    async with scene() as it:
        it.send(it.check())
        await asyncio.wait_for(it.connection.reached(it.connecting), DEADLINE_S)
        assert it.connection.selected is None
        await it.connection.send(b"\x16record")
        async with asyncio.timeout(DEADLINE_S):
            while await it.played.got.get() != b"\x16record":
                pass


async def test_a_check_with_a_wrong_password_opens_no_way_for_packets() -> None:
    async with scene() as it:
        forged = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        forged.attributes["USERNAME"] = f"{it.connection.local_username}:peer"
        forged.attributes["PRIORITY"] = 1
        forged.add_message_integrity(b"q" * 22)
        it.send(bytes(forged))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(it.connection.reached(it.connecting), 0.2)
        with pytest.raises(ConnectionError):
            await it.connection.send(b"\x16record")


async def test_a_peer_whose_checks_come_after_ours_have_failed_is_connected() -> None:
    async with scene() as it:
        it.connection.add_remote(_candidate(it.played.address))
        it.respond(await it.played.request(), error=(500, "Not yet"))
        async with asyncio.timeout(DEADLINE_S):
            while it.connection._check_list[0].state is not CandidatePair.State.FAILED:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        it.send(it.check(**{"USE-CANDIDATE": None}))
        it.respond(await it.played.request())
        await it.selected()


async def test_a_pair_whose_check_was_cut_short_can_still_be_selected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No timer may send it: the peer's check alone has to bring ours about.
    monkeypatch.setattr(stun, "RETRY_RTO", 3600)
    async with scene() as it, scene() as beside:
        other = Scene(it.connection, beside.played, it.connecting)
        it.connection.add_remote(_candidate(other.played.address))
        pending = await other.played.request()
        it.send(it.check(**{"USE-CANDIDATE": None}))
        it.respond(await it.played.request())
        await it.selected()
        other.send(other.check(**{"USE-CANDIDATE": None}))
        request = await other.played.request()
        assert request.transaction_id != pending.transaction_id
        other.respond(request)
        async with asyncio.timeout(DEADLINE_S):
            while it.connection.selected.remote_addr != other.played.address:  # noqa: ASYNC110
                await asyncio.sleep(0.001)


async def test_an_offerer_lets_direct_pairs_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice_connection, "RELAY_PATIENCE_S", 3600)
    async with scene(controlling=True) as it, scene() as relay:
        it.connection.add_remote(_candidate(relay.played.address, "relay"))
        await asyncio.sleep(0.1)
        it.connection.add_remote(_candidate(it.played.address))
        it.respond(await it.played.request())
        await it.selected()
        assert relay.played.got.empty()


async def test_an_offerer_uses_a_relay_if_nothing_else_responds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ice_connection, "RELAY_PATIENCE_S", 0.02)
    async with scene(controlling=True) as it:
        it.connection.add_remote(_candidate(it.played.address, "relay"))
        it.respond(await it.played.request())
        await it.selected()


@pytest.mark.parametrize("patience_s", [0.0, 0.1], ids=["at once", "later"])
async def test_an_offerer_that_has_a_direct_path_is_not_led_back_through_a_relay(
    monkeypatch: pytest.MonkeyPatch, patience_s: float
) -> None:
    monkeypatch.setattr(ice_connection, "RELAY_PATIENCE_S", patience_s)
    async with scene(controlling=True) as it, scene() as beside:
        relay = Scene(it.connection, beside.played, it.connecting)
        it.connection.add_remote(_candidate(it.played.address))
        it.respond(await it.played.request())
        await it.selected()
        it.connection.add_remote(_candidate(relay.played.address, "relay"))
        relay.send(relay.check(**{"ICE-CONTROLLED": 1}))
        async with asyncio.timeout(DEADLINE_S):
            response = stun.parse_message(await relay.played.got.get())
        assert response.message_class is stun.Class.RESPONSE
        await asyncio.sleep(0.2)
        assert relay.played.got.empty()


async def test_a_link_that_a_session_waits_for_uses_a_relay_sooner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ice_connection, "RELAY_PATIENCE_S", 3600)
    async with scene(controlling=True, is_hurried=True) as it:
        it.connection.add_remote(_candidate(it.played.address, "relay"))
        it.respond(await it.played.request())
        await it.selected()


async def test_stray_packets_end_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with scene() as it:
        valid = it.check()
        cut = valid[:2] + (len(valid) - 24).to_bytes(2, "big") + valid[4:-4]
        # asyncio's transports send no empty datagram; a socket does.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anyone:
            anyone.sendto(b"", it.address)
        for packet in (b"\x00", b"\x01\x01", cut, valid[:30], b"\x80" * 40, b"\xff" * 1500):
            it.send(packet)
        it.send(valid)
        assert await it.played.request()
        assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == []


async def test_candidates_of_the_peer_are_bounded() -> None:
    async with scene() as it:
        for port in range(1024, 1024 + 3 * PAIRS):
            it.connection.add_remote(_candidate(("127.0.0.1", port)))
        assert len(it.connection.remote_candidates) == PAIRS
