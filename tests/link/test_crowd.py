"""A crowd on one port: what its links send leaves together, whatever the kernel returns to it."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.box_peer import BoxPeer
from p2claw.link.visitor_peer import VisitorPeer
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
