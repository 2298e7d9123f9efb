"""One link over a real port, its other side by hand: what it counts, and how it ends."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.dataplane.core._sctp import MessageReceived
from tests.dataplane.packets import chunk, packet
from tests.dataplane.raw_peer import HOST, RawPeer, consent
from tests.support.sockets import DEADLINE_S, descriptor_of, descriptors, until

COOKIE_ACK = chunk(11)
BINARY = 53


@dataclass
class User:
    messages: list[bytes] = field(default_factory=list)
    closed: int = 0
    on_message: Callable[[], None] = lambda: None
    on_drained: Callable[[], None] = lambda: None

    def message_received(self, message: bytes) -> None:
        self.messages.append(message)
        self.on_message()

    def channel_drained(self) -> None:
        self.on_drained()

    def channel_closed(self) -> None:
        self.closed += 1


@pytest.fixture
async def faults() -> list[Any]:
    """What the loop is notified of."""
    found: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: found.append(context["exception"])
    )
    return found


def wrong_checksum(tag: int) -> bytes:
    made = bytearray(packet(tag, COOKIE_ACK))
    made[8] ^= 1
    return bytes(made)


@pytest.mark.parametrize(
    ("counter", "make"),
    [
        ("bad_checksum", wrong_checksum),
        ("bad_tag", lambda tag: packet(tag ^ 1, COOKIE_ACK)),
        ("malformed", lambda tag: packet(tag, b"\0\3\0\2")),
        ("malformed", lambda tag: packet(tag, struct.pack("!BBH", 0, 3, 400) + bytes(8))),
        ("malformed", lambda tag: b"short"),
    ],
)
async def test_a_wrong_packet_is_counted_and_harms_nothing(
    port: UdpPort, peer: RawPeer, counter: Any, make: Callable[[int], bytes]
) -> None:
    for count in range(1, 4):
        peer.send_packet(make(peer.tag))
        await until(lambda count=count: peer.link.stats()[counter] == count)
    wrong = ("bad_records", "bad_checksum", "bad_tag", "malformed")
    assert sum(peer.link.stats()[name] for name in wrong) == 3  # type: ignore[literal-required]
    await says(peer, b"still here")
    assert peer.owner.lost == []


async def says(peer: RawPeer, message: bytes) -> None:
    """The other side sends it, and the link's user, a new one or the same, gets it."""
    before = peer.link.messages_in
    peer.association.send(0, BINARY, message)
    async with asyncio.timeout(DEADLINE_S):
        while peer.link.messages_in == before:
            await peer.turn()


@pytest.mark.parametrize(
    "record",
    [
        b"\x17\xfe\xfd\0\1\0\0\0\0\0\1\0\x10" + bytes(16),
        b"\x17",
        b"\x14" * 100,
        b"\x3f" * 1400,
    ],
)
async def test_a_record_that_is_none_is_counted_and_harms_nothing(
    peer: RawPeer, record: bytes
) -> None:
    for count in range(1, 4):
        peer.send_raw(record)
        await until(lambda count=count: peer.link.stats()["bad_records"] == count)
    await says(peer, b"still here")
    assert peer.owner.lost == []


async def test_a_flight_of_the_handshake_that_comes_again_gets_ours_again(peer: RawPeer) -> None:
    peer.owner.last_flight = [b"\x14our last", b"\x16flight"]
    flight = b"\x16" + bytes(40)
    peer.send_raw(flight)
    heard: list[bytes] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(heard) < 2:
            got = await asyncio.get_running_loop().sock_recv(peer.socket, 65_536)
            heard += [got] if got in peer.owner.last_flight else []
    assert heard == peer.owner.last_flight


async def test_a_true_record_from_an_address_that_passed_no_check_is_a_strangers(
    port: UdpPort, peer: RawPeer
) -> None:
    record = peer.records.seal(wrong_checksum(peer.tag))
    other = RawPeer(port, starts=False)
    try:
        port_strangers = port.stats()["strangers"]
        other.link.shut()  # and with it goes what was known of its address
        other.send_raw(record)
        await until(lambda: port.stats()["strangers"] == port_strangers + 1)
        assert peer.link.stats()["bad_checksum"] == 0
    finally:
        other.close()


async def test_a_check_alone_takes_no_address_away_from_another_link(
    port: UdpPort, peer: RawPeer
) -> None:
    """A visitor may write any sender on its checks; it cannot respond to ours from there."""
    thief = RawPeer(port, starts=False)
    try:
        thief.link.learn(HOST, peer.number, confirmed=False)
        await says(peer, b"still ours")
        thief.link.learn(HOST, peer.number, confirmed=True)
        peer.send_raw(b"\x17 for whom?")
        await until(lambda: thief.owner.early == [b"\x17 for whom?"])
    finally:
        thief.close()


async def test_records_before_the_end_of_the_handshake_are_the_owners(port: UdpPort) -> None:
    peer = RawPeer(port, starts=False)
    try:
        for n in range(3):
            peer.send_raw(b"\x16 flight %d" % n)
        await until(lambda: len(peer.owner.early) == 3)
        assert peer.owner.early[0] == b"\x16 flight 0"
        peer.link.start(peer.ours, consent())
        await peer.establish()
    finally:
        peer.close()


async def test_close_notify_ends_the_link(peer: RawPeer) -> None:
    user = User()
    peer.link.attach(user, low_water_bytes=0)
    peer.send_raw(b"\x17 garbage before it")
    peer.send_close_notify()
    await until(lambda: user.closed == 1)
    assert peer.owner.lost == [("link-lost", "the other side closed the link")]


async def test_a_user_that_fails_is_reported_and_its_link_ends_so_that_no_message_is_skipped(
    peer: RawPeer, faults: list[Any]
) -> None:
    def fail() -> None:
        raise MemoryError(f"at {len(user.messages)}")

    user = User(on_message=fail)
    peer.link.attach(user, low_water_bytes=0)
    peer.association.send(0, BINARY, b"one")
    peer.association.send(0, BINARY, b"two")
    async with asyncio.timeout(DEADLINE_S):
        while not user.closed:
            await peer.turn()
    await peer.turn()
    assert user.messages == [b"one"]
    assert peer.owner.lost == [("link-lost", "a message could not be handed over")]
    assert [str(fault) for fault in faults] == ["at 1"]


async def test_a_user_that_fails_when_drained_does_not_stop_the_links_time(
    peer: RawPeer, faults: list[Any]
) -> None:
    """What was lost must still be sent again: nobody else would wake the link."""

    def fail() -> None:
        raise RuntimeError("drained")

    peer.link.attach(User(on_drained=fail), low_water_bytes=100)
    peer.link.send(b"x" * 1000)
    await until(lambda: bool(faults))
    while True:  # the packet, and whatever else was sent, is lost
        try:
            peer.socket.recv(65_536)
        except BlockingIOError:
            break
    await receives(peer, b"x" * 1000)


async def receives(peer: RawPeer, message: bytes) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not any(isinstance(e, MessageReceived) and e.data == message for e in peer.events):
            await peer.turn()


async def test_an_empty_message_arrives_as_one(peer: RawPeer) -> None:
    user = User()
    peer.link.attach(user, low_water_bytes=0)
    await says(peer, b"")
    assert user.messages == [b""]
    peer.link.send(b"")
    await receives(peer, b"")


async def test_who_sends_after_the_other_sides_end_is_not_reported(
    peer: RawPeer, faults: list[Any]
) -> None:
    """The message and the ABORT behind it come in one read: the user replies on a closed link."""
    user = User(on_message=lambda: peer.link.send(b"a reply"))
    peer.link.attach(user, low_water_bytes=0)
    peer.association.send(0, BINARY, b"a question")
    peer.send_together_with_abort()
    await until(lambda: user.closed == 1)
    assert user.messages == [b"a question"]
    assert faults == []
    assert [code for code, _ in peer.owner.lost] == ["link-lost"]


async def test_a_user_that_comes_after_close_is_notified_once(peer: RawPeer) -> None:
    user = User()
    peer.link.close()
    peer.link.attach(user, low_water_bytes=0)
    async with asyncio.timeout(DEADLINE_S):
        while not user.closed:
            await peer.turn()
    for _ in range(5):
        await peer.turn()
    peer.link.shut()
    assert user.closed == 1


async def test_a_user_that_comes_after_the_end_is_notified_once(peer: RawPeer) -> None:
    user = User()
    peer.link.shut()
    peer.link.attach(user, low_water_bytes=0)
    peer.link.shut()
    assert user.closed == 1


async def test_what_came_before_the_user_is_handed_over_in_order(peer: RawPeer) -> None:
    for n in range(10):
        await says(peer, b"%d" % n)
    user = User()
    peer.link.attach(user, low_water_bytes=0)
    await says(peer, b"10")
    assert user.messages == [b"%d" % n for n in range(11)]


async def test_closing_a_port_ends_its_links_even_where_a_user_fails(
    port: UdpPort, faults: list[Any]
) -> None:
    peers = [RawPeer(port) for _ in range(3)]
    users = [User() for _ in peers]

    class Failing(User):
        def channel_closed(self) -> None:
            raise RuntimeError("closed")

    users[1] = Failing()
    for peer, user in zip(peers, users, strict=True):
        await peer.establish()
        peer.link.attach(user, low_water_bytes=0)
    port.close()
    assert [user.closed for user in users] == [1, 0, 1]
    assert [str(fault) for fault in faults] == ["closed"]
    for peer in peers:
        peer.link.send(b"to nobody")
        peer.close()


async def test_a_socket_that_others_close_ends_its_links_with_a_reason(port: UdpPort) -> None:
    before = descriptors()
    lost = UdpPort()
    peers = [RawPeer(lost) for _ in range(2)]
    for peer in peers:
        await peer.establish()
    users = [User() for _ in peers]
    for peer, user in zip(peers, users, strict=True):
        peer.link.attach(user, low_water_bytes=0)
    os.close(descriptor_of(lost.number))
    peers[0].link.send(b"into the void")
    await until(lambda: all(user.closed == 1 for user in users))
    for peer in peers:
        assert peer.owner.lost == [("link-lost", "the UDP port was closed by something else")]
        peer.close()
    lost.close()
    assert descriptors() == before
