"""What a kernel may return to a send, for real: no room, too large, no segments. All arrives."""

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
from tests.support.own_namespace import needs_namespaces, run_in_namespace
from tests.support.sockets import set_option

if TYPE_CHECKING:
    from p2claw.dataplane.carrier._engine import PortStats

BODY = random.Random(5).randbytes(3_000_000)

# linux/udp.h
UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX = 101, 102
SO_NO_CHECK = 11


async def download(
    prepare: Callable[[UdpPort], None] = lambda port: None, body: bytes = BODY
) -> tuple[PortStats, int]:
    """Over a link of two ports. What the box's port counted, and its largest packet."""
    ports = UdpPort(), UdpPort()
    for port in ports:
        prepare(port)
    peers = Pair(VisitorPeer(port=ports[0]), BoxPeer(port=ports[1]))
    try:
        await peers.join()
        to_box, to_visitor = await peers.channels()
        at_visitor, at_box = User(), User()
        to_box.attach(at_visitor, low_water_bytes=65_536)
        to_visitor.attach(at_box, low_water_bytes=65_536)
        sending = asyncio.create_task(send_all(to_visitor, at_box, body))
        got = await at_visitor.read(len(body))
        await sending
        assert hashlib.sha256(got).digest() == hashlib.sha256(body).digest()
        plane = peers.box.stats().plane
        assert plane is not None
        return ports[1].stats(), plane["mtu_bytes"]
    finally:
        await peers.visitor.close()
        await peers.box.close()
        for port in ports:
            port.close()


@needs_namespaces("tc")
def test_a_send_buffer_that_is_full_delays_and_loses_nothing() -> None:
    """20 Mbit/s, and room for a few packets: what waits for the device fills the buffer."""

    def shrink(port: UdpPort) -> None:
        set_option(port.number, socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)

    stats, _ = run_in_namespace(
        lambda: download(shrink), "tc qdisc add dev lo root tbf rate 20mbit burst 4kb limit 1mb"
    )
    assert stats["send_blocked"] > 0
    assert stats["send_unreachable"] == 0


@needs_namespaces("tc")
def test_an_interface_of_small_packets_refuses_probes_and_carries_the_rest() -> None:
    stats, mtu_bytes = run_in_namespace(download, "ip link set lo mtu 1300")
    assert stats["send_too_large"] > 0
    assert mtu_bytes <= 1300 - 40 - 8 - 37
    assert stats["send_unreachable"] == 0


def refuse_segments(port: UdpPort) -> None:
    """The kernel cuts nothing up for a socket that wants no checksums: EINVAL (udp_send_skb)."""
    set_option(port.number, socket.SOL_SOCKET, SO_NO_CHECK, 1)
    set_option(port.number, socket.IPPROTO_UDP, UDP_NO_CHECK6_TX, 1)
    set_option(port.number, socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)


async def test_where_the_kernel_cuts_nothing_up_each_datagram_is_sent_alone() -> None:
    stats, _ = await download(refuse_segments)
    assert stats["send_unreachable"] == stats["send_too_large"] == 0
    assert stats["sends"] >= stats["datagrams_out"]


async def test_where_it_does_a_burst_is_few_calls() -> None:
    stats, _ = await download()
    assert stats["gso"]
    assert stats["sends"] < stats["datagrams_out"]
