"""p2claw's own peers, with the records, the port and the timers that links run on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.box_peer import BoxPeer
from p2claw.link.ice.ice_connection import IceConnection
from tests.interop.link import SIDES, Side
from tests.interop.peer_link import OurPeer, PeerLink, connected_peer
from tests.interop.stacks import Stack, need
from tests.interop.test_messages import BULK_BYTES, SIZES, check_bulk, check_messages
from tests.peers.pattern import Message
from tests.peers.remote import Remote

CHANGE_CIPHER_SPEC = 20

pytestmark = pytest.mark.needs("padding")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def port() -> AsyncIterator[UdpPort]:
    """All boxes of the session share it, as the links of an agent do."""
    shared = UdpPort()
    yield shared
    shared.close()


@pytest_asyncio.fixture(loop_scope="session", params=["box", "visitor"])
async def link(
    request: pytest.FixtureRequest, theirs: Remote, port: UdpPort
) -> AsyncIterator[PeerLink]:
    kind: OurPeer = request.param
    async with connected_peer(theirs, kind, port if kind == "box" else None) as made:
        yield made


def of_all_sizes(largest_bytes: int) -> list[Message]:
    return [("binary", size, size) for size in SIZES if size <= largest_bytes]


async def test_messages_of_all_sizes_arrive_both_ways(link: PeerLink) -> None:
    await check_messages(link.channel, "ours", of_all_sizes(link.takes_bytes))
    await check_messages(link.channel, "theirs", of_all_sizes(SIZES[-1]))


@pytest.mark.parametrize("link", ["box"], indirect=True)
@pytest.mark.parametrize("sender", SIDES)
async def test_thirty_megabytes_arrive(link: PeerLink, sender: Side) -> None:
    await check_bulk(link.channel, sender, BULK_BYTES)


async def test_both_send_at_once(link: PeerLink) -> None:
    await asyncio.gather(*(check_bulk(link.channel, side, BULK_BYTES // 10) for side in SIDES))


@pytest.mark.parametrize("closer", SIDES)
async def test_the_channel_closes_after_its_last_message(link: PeerLink, closer: Side) -> None:
    await check_messages(link.channel, closer, of_all_sizes(link.takes_bytes))
    await link.channel.close(closer)
    await link.channel.closed()


async def test_an_end_of_ours_closes_their_channel(link: PeerLink) -> None:
    await link.peer.close()
    await link.channel.closed()


async def test_an_end_of_theirs_closes_our_channel(link: PeerLink, stack: Stack) -> None:
    need(stack, "goodbye")
    await link.theirs.do("end")
    await link.channel.ours.closed()


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_last_flight_that_is_lost_comes_again(
    theirs: Remote, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    """OpenSSL's connection is gone by then. They repeat their own, with whatever numbers."""
    left = [lost]
    own: list[BoxPeer] = []

    def is_lost(datagram: bytes) -> bool:
        left[0] -= datagram[0] == CHANGE_CIPHER_SPEC
        return datagram[0] == CHANGE_CIPHER_SPEC and left[0] >= 0

    send, repeat = IceConnection.send, BoxPeer.flight_repeated

    async def lossy_send(self: IceConnection, data: bytes) -> None:
        if not is_lost(data):
            await send(self, data)

    def lossy_repeat(self: BoxPeer) -> list[bytes]:
        own.append(self)
        return [datagram for datagram in repeat(self) if not is_lost(datagram)]

    monkeypatch.setattr(IceConnection, "send", lossy_send)
    monkeypatch.setattr(BoxPeer, "flight_repeated", lossy_repeat)
    async with connected_peer(theirs, "box") as link:
        assert len(own) >= lost
        assert left[0] < 0
        await check_messages(link.channel, "theirs", of_all_sizes(SIZES[2]))
