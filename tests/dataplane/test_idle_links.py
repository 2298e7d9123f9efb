"""What a port does for links that are idle, and what it tells of those that are not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.dataplane.core import _stun
from tests.dataplane.raw_peer import RawPeer
from tests.support.sockets import until

BINARY = 53
PEERS = 40  # more than leave by one system call


@contextlib.asynccontextmanager
async def peers_at(port: UdpPort) -> AsyncIterator[list[RawPeer]]:
    peers = [RawPeer(port) for _ in range(PEERS)]
    try:
        for peer in peers:
            await peer.establish()
        yield peers
    finally:
        for peer in peers:
            peer.close()


def asked(peer: RawPeer) -> bool:
    """Whether a question of the link has come to the other side, among all that has."""
    while True:
        try:
            datagram = peer.socket.recv(65_536)
        except BlockingIOError:
            return False
        read = _stun.read(datagram)
        if read is not None and read.type == "request":
            return True


async def test_the_questions_of_many_links_leave_together(port: UdpPort) -> None:
    async with peers_at(port) as peers:
        before = port.stats()
        port.addresses_changed()
        for peer in peers:
            await until(lambda peer=peer: asked(peer))
        after = port.stats()
        datagrams = after["datagrams_out"] - before["datagrams_out"]
        calls = after["sends"] - before["sends"]
        assert datagrams >= PEERS
        # They fall on two points of the grid if one of these passes while they are hastened.
        assert datagrams - calls >= PEERS - 4


async def test_a_link_on_which_a_message_came_is_named_once(port: UdpPort, peer: RawPeer) -> None:
    peer.link.belongs_to("somebody")
    assert port.take_stirred() == ["somebody"]
    assert port.take_stirred() == []
    before = port.messages_in
    peer.association.send(0, BINARY, b"a message")
    async with asyncio.timeout(5):
        while port.messages_in == before:
            await peer.turn()
    assert port.take_stirred() == ["somebody"]
    assert port.take_stirred() == []


async def test_a_link_that_was_given_a_message_is_named(port: UdpPort, peer: RawPeer) -> None:
    peer.link.belongs_to("somebody")
    port.take_stirred()
    peer.link.send(b"a message")
    peer.link.send(b"another")
    assert port.take_stirred() == ["somebody"]


async def test_a_link_that_is_nobodys_or_over_is_not_named(port: UdpPort, peer: RawPeer) -> None:
    peer.link.send(b"a message")
    assert port.take_stirred() == []
    peer.link.belongs_to("somebody")
    peer.link.shut()
    assert port.take_stirred() == []
    peer.link.belongs_to("somebody")
    assert port.take_stirred() == []
