"""A crowd on one port: what its links send leaves together, whatever the kernel returns to it.

Who has no link is no part of it, and makes nobody wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import socket
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.box_peer import BoxPeer
from p2claw.link.visitor_peer import VisitorPeer
from tests.dataplane.test_udp_port import check_for
from tests.link.peers import Pair, User, send_all
from tests.link.test_rough_paths import refuse_segments
from tests.support.own_namespace import needs_namespaces, run_in_namespace
from tests.support.sockets import set_option

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
