"""A visitor whose NAT gives it another port, loses packets, or has a forger beside it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.dataplane.core import _stun
from p2claw.link.box_peer import BoxPeer
from p2claw.link.channel import Channel
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.visitor_peer import VisitorPeer
from tests.link.peers import Pair, User, send_all
from tests.support.sockets import until
from tests.support.udp_relay import Relay

BODY = random.Random(4).randbytes(6_000_000)
DIGEST = hashlib.sha256(BODY).digest()


@dataclass
class Visit:
    """A link through a NAT, open."""

    relay: Relay
    port: UdpPort
    peers: Pair
    to_visitor: Channel
    at_visitor: User
    at_box: User

    async def download(self, midway: Callable[[], object] = lambda: None) -> bytes:
        """What arrived of the body's second half, after `midway` was called, and of its first."""
        half = len(BODY) // 2
        sending = asyncio.create_task(send_all(self.to_visitor, self.at_box, BODY))
        first = await self.at_visitor.read(half)
        midway()
        rest = await self.at_visitor.read(len(BODY) - len(first))
        await sending
        return first + rest


@contextlib.asynccontextmanager
async def visit(relay: Relay) -> AsyncIterator[Visit]:
    host = next(a.host for a in host_addresses() if ":" not in a.host)
    await relay.open(host)
    port = UdpPort()
    peers = Pair(VisitorPeer(), BoxPeer(port=port), relay.change)
    try:
        await peers.join()
        to_box, to_visitor = await peers.channels()
        visiting = Visit(relay, port, peers, to_visitor, User(), User())
        to_box.attach(visiting.at_visitor, low_water_bytes=65_536)
        to_visitor.attach(visiting.at_box, low_water_bytes=65_536)
        yield visiting
    finally:
        await peers.visitor.close()
        await peers.box.close()
        port.close()
        relay.close()


def route_of(peer: BoxPeer) -> tuple[str, int]:
    pair = peer._connection.selected
    assert pair is not None
    return pair.remote_addr


async def test_a_download_goes_on_behind_another_port() -> None:
    relay = Relay()
    async with visit(relay) as visiting:
        before = route_of(visiting.peers.box)
        assert before == (relay.host, relay.outer_port)
        moving: list[asyncio.Task[None]] = []
        got = await visiting.download(lambda: moving.append(asyncio.create_task(relay.rebind())))
        assert hashlib.sha256(got).digest() == DIGEST
        assert route_of(visiting.peers.box) == (relay.host, relay.outer_port) != before
        # Until a check came from there, the new address was anybody's.
        assert visiting.port.stats()["strangers"] > 0


async def test_an_upload_goes_on_behind_another_port() -> None:
    relay = Relay()
    async with visit(relay) as visiting:
        to_box = await visiting.peers.visitor.channel(timeout_s=1)
        body = BODY[:3_000_000]
        sending = asyncio.create_task(send_all(to_box, visiting.at_visitor, body))
        first = await visiting.at_box.read(1_000_000)
        await relay.rebind()
        got = first + await visiting.at_box.read(len(body) - len(first))
        await sending
        assert got == body


@pytest.mark.parametrize("way", ["down", "idle"])
async def test_a_link_outlives_a_path_that_carries_nothing_for_a_while(way: str) -> None:
    """What is on the link, a WebSocket too, notices nothing of it: so nothing has to be resumed."""
    relay = Relay()
    async with visit(relay) as visiting:

        async def blackout() -> None:
            relay.loss = 1.0
            await asyncio.sleep(1.5)
            relay.loss = 0.0

        if way == "idle":
            await blackout()
            got = await visiting.download()
        else:
            dark: list[asyncio.Task[None]] = []
            got = await visiting.download(lambda: dark.append(asyncio.create_task(blackout())))
            assert relay.lost > 0
        assert hashlib.sha256(got).digest() == DIGEST


async def test_a_move_while_nothing_is_sent_is_followed_too() -> None:
    relay = Relay()
    async with visit(relay) as visiting:
        await relay.rebind()
        await until(lambda: route_of(visiting.peers.box)[1] == relay.outer_port)
        visiting.to_visitor.send(b"found you")
        assert await visiting.at_visitor.read(9) == b"found you"


async def test_a_forger_moves_nothing() -> None:
    relay = Relay()
    async with visit(relay) as visiting:
        received: list[bytes] = []
        relay.tap = received.append
        before, box = route_of(visiting.peers.box), visiting.peers.box
        ice, port = box._connection, visiting.port
        name = f"{ice.local_username}:{ice.remote_username}".encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
            forger.bind((relay.host, 0))
            forger.setblocking(False)

            def forge() -> None:
                for n in range(100):
                    forger.sendto(forged_check(name, n), (relay.host, port.number))
                    forger.sendto(
                        b"\x17\xfe\xfd\0\1" + n.to_bytes(6, "big") + b"\0\x40" + bytes(64),
                        (relay.host, port.number),
                    )

            got = await visiting.download(forge)
            assert hashlib.sha256(got).digest() == DIGEST
            assert route_of(box) == before
            assert port.stats()["strangers"] == 100
            for response in datagrams(forger):
                read = _stun.read(response)
                assert read is not None and read.type == "error"
            # What the visitor itself sent, from an address that passed no check.
            bad_before = visiting.peers.box.stats().plane
            for record in [data for data in received if data[0] == 23][-5:]:
                forger.sendto(record, (relay.host, port.number))
            await until(lambda: port.stats()["strangers"] == 105)
            after = visiting.peers.box.stats().plane
            assert bad_before is not None and after is not None
            assert after["bad_records"] == bad_before["bad_records"]


def forged_check(name: bytes, number: int) -> bytes:
    made = _stun.write_request(
        number.to_bytes(12, "big"),
        name,
        2**31 - 1,
        controlling=True,
        tie_breaker=2**64 - 1,
        use_candidate=True,
        key=b"a guess" if number % 2 else None,
    )
    assert made is not None
    return made


def datagrams(sock: socket.socket) -> list[bytes]:
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(sock.recv(2048))
    return found


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_link_opens_and_carries_although_one_packet_in_twenty_is_lost(seed: int) -> None:
    relay = Relay(loss=0.05, seed=seed)
    async with visit(relay) as visiting:
        got = await visiting.download()
        assert hashlib.sha256(got).digest() == DIGEST
        assert relay.lost > 0
        plane = visiting.peers.box.stats().plane
        assert plane is not None and plane["retransmits"] > 0


@pytest.mark.parametrize("lost", [{0, 1}, {2, 3}, {4, 5, 6}, {0, 3, 6, 9}])
async def test_a_link_opens_although_parts_of_its_handshake_are_lost(lost: set[int]) -> None:
    relay = Relay(lost_records=frozenset(lost))
    async with visit(relay) as visiting:
        visiting.to_visitor.send(b"through")
        assert await visiting.at_visitor.read(7) == b"through"
        assert relay.lost == len(lost)
