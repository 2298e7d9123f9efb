"""SACKs of one link that one read brings: the newest genuine one is read, and nothing else is lost.

Whatever is sent before the loop looks at its descriptors again comes by one read.
"""

from __future__ import annotations

import struct
import time

from tests.dataplane.packets import chunk, packet
from tests.dataplane.raw_peer import RawPeer
from tests.support.sockets import until

SACK = 3
BINARY = 53


def sack(peer: RawPeer, window_bytes: int) -> bytes:
    """A record of one; what window it reports shows which of them was read."""
    value = struct.pack("!IIHH", (peer.first_tsn - 1) % 2**32, window_bytes, 0, 0)
    return peer.records.seal(packet(peer.tag, chunk(SACK, value)))


async def came(peer: RawPeer, *datagrams: bytes) -> int:
    """Send them all at once; how many packets the link then has read, once all have come."""
    before, read = peer.port.stats()["datagrams_in"], peer.link.stats()["packets_in"]
    for datagram in datagrams:
        peer.send_raw(datagram)
    await until(lambda: peer.port.stats()["datagrams_in"] >= before + len(datagrams))
    return peer.link.stats()["packets_in"] - read


async def test_of_sacks_that_came_together_the_newest_is_read(peer: RawPeer) -> None:
    records = [sack(peer, 100_000 + n) for n in range(3)]
    assert {len(record) for record in records} == {65}
    assert await came(peer, *records) == 1
    assert peer.link.stats()["peer_window_bytes"] == 100_002
    assert (peer.link.superseded, peer.link.stats()["bad_records"]) == (2, 0)


async def test_the_newest_is_the_one_with_the_highest_number(peer: RawPeer) -> None:
    first, second, third = (sack(peer, 100_000 + n) for n in range(3))
    assert await came(peer, third, first, second) == 1
    assert peer.link.stats()["peer_window_bytes"] == 100_002


async def test_of_more_than_one_read_brings_the_newest_is_read_all_the_same(peer: RawPeer) -> None:
    count = 32 + 7  # the first 32 are a read of their own
    assert await came(peer, *(sack(peer, 100_000 + n) for n in range(count))) == 2
    assert peer.link.stats()["peer_window_bytes"] == 100_000 + count - 1
    assert peer.link.superseded == count - 2


async def test_a_forged_record_suppresses_none(peer: RawPeer) -> None:
    """Whoever writes the address of the other side can make up a higher number, and no more."""
    genuine = sack(peer, 100_000)
    forged = [genuine[:3] + b"\0\1" + bytes([0xFF] * 5 + [n]) + genuine[11:] for n in range(3)]
    assert await came(peer, forged[0], genuine, *forged[1:]) == 1
    assert peer.link.stats()["peer_window_bytes"] == 100_000
    assert peer.link.stats()["bad_records"] == 3


async def test_a_sack_is_read_before_what_came_after_it(peer: RawPeer) -> None:
    before = peer.link.messages_in
    peer.association.send(0, BINARY, b"message")
    sacks = [sack(peer, 100_000), sack(peer, 100_001)]
    data = [peer.records.seal(one) for one in peer.association.to_send(time.monotonic())]
    assert await came(peer, *sacks, *data, sack(peer, 100_002)) == 2 + len(data)
    assert peer.link.stats()["peer_window_bytes"] == 100_002
    assert peer.link.superseded == 1
    await until(lambda: peer.link.messages_in == before + 1)


async def test_one_that_comes_alone_is_read(peer: RawPeer) -> None:
    for n in range(3):
        assert await came(peer, sack(peer, 100_000 + n)) == 1
    assert peer.link.superseded == 0
