"""A crowd on one port: what its links send leaves together, whatever the kernel returns to it.

Who has no link is no part of it, and makes nobody wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.dataplane.core._sctp import Association
from p2claw.link.box_peer import BoxPeer
from p2claw.link.visitor_peer import VisitorPeer
from tests.dataplane.raw_peer import RawPeer
from tests.dataplane.test_udp_port import check_for
from tests.link.peers import Pair, User, send_all
from tests.link.test_rough_paths import refuse_segments
from tests.support.own_namespace import needs_namespaces, run_in_namespace
from tests.support.sockets import DEADLINE_S, set_option

if TYPE_CHECKING:
    from p2claw.dataplane.carrier._engine import PortStats

LINKS = 12
BODY_BYTES = 1_000_000


async def crowd(prepare: Callable[[UdpPort], None] = lambda port: None) -> PortStats:
    """Downloads over twelve links of one port, at once and checked. What the port counted."""
    port = UdpPort()
    prepare(port)
    links = [Pair(VisitorPeer(), BoxPeer(port=port)) for _ in range(LINKS)]
    bodies = [random.Random(n).randbytes(BODY_BYTES) for n in range(LINKS)]
    try:
        await asyncio.gather(*(link.join() for link in links))
        digests = await asyncio.gather(
            *(download(link, body) for link, body in zip(links, bodies, strict=True))
        )
        assert digests == [hashlib.sha256(body).digest() for body in bodies]
        for link in links:
            plane = link.box.stats().plane
            assert plane is not None
            assert plane["bad_records"] == plane["bad_tag"] == 0
        return port.stats()
    finally:
        for link in links:
            await asyncio.gather(link.visitor.close(), link.box.close())
        port.close()


async def download(peers: Pair, body: bytes) -> bytes:
    """The digest of what arrived."""
    to_box, to_visitor = await peers.channels()
    at_visitor, at_box = User(), User()
    to_box.attach(at_visitor, low_water_bytes=65_536)
    to_visitor.attach(at_box, low_water_bytes=65_536)
    sending = asyncio.create_task(send_all(to_visitor, at_box, body))
    got = await at_visitor.read(len(body))
    await sending
    return hashlib.sha256(got).digest()


@contextlib.asynccontextmanager
async def link_alone() -> AsyncIterator[tuple[UdpPort, Pair]]:
    """The only one of its port, and open."""
    port = UdpPort()
    link = Pair(VisitorPeer(), BoxPeer(port=port))
    try:
        await link.join()
        yield port, link
    finally:
        await asyncio.gather(link.visitor.close(), link.box.close())
        port.close()


async def leaves_at_once(port: UdpPort, link: Pair) -> bool:
    """Whether a message is on its way after one turn of the loop; to a crowd it is not."""
    _, to_visitor = await link.channels()
    before = port.stats()["datagrams_out"]
    to_visitor.send(b"a response")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return port.stats()["datagrams_out"] > before


async def flood(port: UdpPort, datagrams: list[bytes]) -> None:
    """The loop looks at its descriptors after each of them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for datagram in datagrams:
            stranger.sendto(datagram, ("127.0.0.1", port.number))
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "datagram",
    [b"\x17" * 100, b"\xff" * 100, check_for(b"nobody:x"), check_for(b"x" * 86 + b":x")],
    ids=["a record", "nothing known", "a check", "a first check of a dial"],
)
async def test_strangers_make_nobody_wait(datagram: bytes) -> None:
    async with link_alone() as (port, link):
        await flood(port, [datagram] * 1_000)
        assert await leaves_at_once(port, link)


async def test_bursts_of_a_link_that_is_alone_leave_by_one_call_as_well() -> None:
    body = random.Random(0).randbytes(8_000_000)
    async with link_alone() as (port, link):
        before = port.stats()
        assert await download(link, body) == hashlib.sha256(body).digest()
        after = port.stats()
    datagrams = after["datagrams_out"] - before["datagrams_out"]
    assert datagrams > 16 * (after["sends"] - before["sends"]), "more than a burst each"


async def test_what_the_links_of_a_crowd_send_leaves_by_few_calls() -> None:
    stats = await crowd()
    assert stats["datagrams_out"] > 6 * stats["sends"]


async def test_a_kernel_that_cuts_nothing_up_is_given_each_datagram_alone() -> None:
    stats = await crowd(refuse_segments)
    assert stats["send_unreachable"] == stats["send_too_large"] == 0
    assert stats["sends"] >= stats["datagrams_out"]


class FarPeers:
    """Links of one port, over paths that hold each datagram up for so long on its way there. The
    window of their other sides is 1.2 MB/s at 25 ms."""

    def __init__(self, port: UdpPort, delay_s: float) -> None:
        self.delay_s = delay_s
        self.on_the_way: deque[tuple[float, RawPeer, bytes]] = deque()
        self.peers = [RawPeer(port) for _ in range(LINKS)]
        for peer in self.peers:
            peer.association = Association(
                server=True, seed=random.randbytes(44), receive_buffer_bytes=30_000
            )
            peer.association.open_channel(stream=0, negotiated=True)

    async def carry_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._carry(time.monotonic())
            await asyncio.sleep(0.0005)

    def _carry(self, now: float) -> None:
        for peer in self.peers:
            with contextlib.suppress(BlockingIOError):
                while True:
                    datagram = peer.socket.recv(65_536)
                    self.on_the_way.append((now + self.delay_s, peer, datagram))
        while self.on_the_way and self.on_the_way[0][0] <= now:
            _, peer, datagram = self.on_the_way.popleft()
            if datagram[0] < 20:
                continue
            for packet in peer.records.open(datagram):
                peer.association.receive(packet, now)
            while peer.association.next_event():
                pass
            for packet in peer.association.to_send(now):
                peer.send_packet(packet)


async def test_a_crowd_of_far_links_is_woken_two_hundred_times_per_second_at_most() -> None:
    port = UdpPort()
    far = FarPeers(port, 0.025)
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not all(peer.owner.established.is_set() for peer in far.peers):
                await far.carry_for(0.01)
        for peer in far.peers:
            for _ in range(200):
                peer.link.send(bytes(16_384))
        await far.carry_for(0.4)
        before = port.stats()
        await far.carry_for(0.5)
        after = port.stats()
    finally:
        for peer in far.peers:
            peer.close()
        port.close()
    assert after["datagrams_out"] - before["datagrams_out"] > 500
    assert after["wakes"] - before["wakes"] < 125


@needs_namespaces("tc")
def test_what_found_no_room_is_kept_and_sent_first() -> None:
    """80 Mbit/s, and room for a few packets: what waits for the device fills the buffer."""

    def shrink(port: UdpPort) -> None:
        set_option(port.number, socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)

    stats = run_in_namespace(
        lambda: crowd(shrink), "tc qdisc add dev lo root tbf rate 80mbit burst 16kb limit 1mb"
    )
    assert stats["send_blocked"] > 0
    assert stats["send_unreachable"] == 0
