"""A box that is dialled: who gets a link, and what forged, stale and repeated checks come to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import itertools
import random
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace

import pytest

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.dataplane.core import _stun
from p2claw.errors import LinkError
from p2claw.link.box_peer import BoxPeer
from p2claw.link.dial_keys import LIFE_S, RENEW_S, DialKeys
from p2claw.link.dialling import CHECK_BURST, CHECKS_PER_S, USED, Dialled, Dialling
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.ice.ice_connection import CHECK_BURST as CHECK_BURST_OF_A_LINK
from p2claw.link.ice.ice_connection import CHECKS_PER_S as CHECKS_PER_S_OF_A_LINK
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.wire.signalling.dialling import Descriptor, DialName
from tests.link.peers import User
from tests.support.sockets import until

DEADLINE_S = 20
FINGERPRINT = bytes(range(32))
ICE_PASSWORD = "abcdefghijklmnopqrstuv"


@dataclass
class Box:
    """A port that is dialled, with a clock of its own."""

    port: UdpPort
    now_s: float = 1_800_000_000.0
    admits: bool = True
    asked: list[Dialled] = field(default_factory=list)
    peers: list[BoxPeer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host = host_addresses()[0].host
        self.keys = DialKeys(lambda: self.now_s)
        # Of each check a second has passed: their rate is one test's alone.
        self.dialling = Dialling(
            self._admit,
            self.keys.generations,
            clock=lambda: self.now_s,
            monotonic=itertools.count().__next__,
        )
        self.port.set_unknown(self.dialling)

    def descriptor(self) -> Descriptor:
        return self.keys.current().descriptor([(self.host, self.port.number)])

    def _admit(self, dialled: Dialled) -> bool:
        self.asked.append(dialled)
        if self.admits:
            peer = BoxPeer.of_dial(dialled, self.port)
            self.peers.append(peer)
            peer.accept_dial(dialled)
        return self.admits


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    made = Box(UdpPort())
    yield made
    for peer in made.peers:
        await peer.close()
    made.port.close()


@contextlib.contextmanager
def stranger(host: str) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as made:
        made.bind((host, 0))
        made.setblocking(False)
        yield made


def check(
    descriptor: Descriptor,
    *,
    password: str | None = None,
    fingerprint: bytes = FINGERPRINT,
    number: int = 0,
) -> bytes:
    """The first check of a dial. password: None: the right one."""
    ufrag = DialName(descriptor.ticket, fingerprint, ICE_PASSWORD).pack()
    made = _stun.write_request(
        number.to_bytes(12, "big"),
        f"{ufrag}:wxyz".encode(),
        1,
        controlling=True,
        tie_breaker=1,
        use_candidate=True,
        key=(password or descriptor.password).encode(),
    )
    assert made is not None
    return made


def received(visitor: socket.socket) -> list[bytes]:
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(visitor.recv(65_536))
    return found


async def send(box: Box, visitor: socket.socket, *messages: bytes) -> None:
    """Send, and wait until the box has read all of it."""
    before = box.port.stats()["datagrams_in"]
    for message in messages:
        visitor.sendto(message, (box.host, box.port.number))
    await until(lambda: box.port.stats()["datagrams_in"] >= before + len(messages))
    await asyncio.sleep(0.02)


async def opened(box: Box, descriptor: Descriptor) -> tuple[VisitorPeer, BoxPeer]:
    visitor = VisitorPeer()
    await visitor.dial(descriptor)
    await visitor.channel(timeout_s=DEADLINE_S)
    await box.peers[-1].channel(timeout_s=DEADLINE_S)
    return visitor, box.peers[-1]


async def download(visitor: VisitorPeer, box: BoxPeer, size_bytes: int) -> bytes:
    at_visitor = User()
    (await visitor.channel(timeout_s=1)).attach(at_visitor, low_water_bytes=65_536)
    to_visitor = await box.channel(timeout_s=1)
    to_visitor.attach(User(), low_water_bytes=65_536)
    body = random.Random(1).randbytes(size_bytes)
    for start in range(0, size_bytes, 10_000):
        to_visitor.send(body[start : start + 10_000])
    got = await at_visitor.read(size_bytes)
    return hashlib.sha256(got).digest() + hashlib.sha256(body).digest()


async def test_a_visitor_dials_without_offer_and_answer(box: Box) -> None:
    visitor, peer = await opened(box, box.descriptor())
    assert visitor.path() == peer.path() == "direct"
    digests = await download(visitor, peer, 300_000)
    assert digests[:32] == digests[32:]
    await visitor.close()


async def test_visitors_with_the_same_ticket_are_kept_apart(box: Box) -> None:
    descriptor = box.descriptor()
    links = [await opened(box, descriptor) for _ in range(3)]
    assert len({dialled.name.fingerprint for dialled in box.asked}) == 3
    for visitor, _ in links:
        await visitor.close()


async def test_a_check_that_anyone_can_make_gets_no_response(box: Box) -> None:
    descriptor = box.descriptor()
    other = replace(descriptor, ticket=replace(descriptor.ticket, generation=9))
    longer = replace(
        descriptor, ticket=replace(descriptor.ticket, expires_s=descriptor.ticket.expires_s + 9)
    )
    good = check(descriptor)
    with stranger(box.host) as visitor:
        await send(
            box,
            visitor,
            check(descriptor, password="x" * 24),
            check(other),
            check(longer),
            good[:-32] + good[-8:],  # no MESSAGE-INTEGRITY
            good[:40],
            good[:20],
        )
        assert received(visitor) == []
    assert box.asked == []


async def test_no_bit_of_a_good_check_may_be_another(box: Box) -> None:
    box.admits = False
    good = check(box.descriptor())[:-8]  # its CRC, which anyone can make right again
    good = good[:2] + (len(good) - 20).to_bytes(2, "big") + good[4:]
    for bit in range(len(good) * 8):
        changed = int.from_bytes(good, "big") ^ 1 << bit
        box.dialling.stun_received(changed.to_bytes(len(good), "big"), (box.host, 9), box.host)
    assert box.asked == []
    box.dialling.stun_received(good, (box.host, 9), box.host)
    assert len(box.asked) == 1


async def test_an_expired_ticket_is_refused_to_the_second(box: Box) -> None:
    box.admits = False
    descriptor = box.descriptor()
    box.now_s = descriptor.ticket.expires_s
    box.dialling.stun_received(check(descriptor), (box.host, 9), box.host)
    assert box.asked == []
    box.now_s -= 1
    box.dialling.stun_received(check(descriptor), (box.host, 9), box.host)
    assert len(box.asked) == 1


async def test_keys_change_and_the_older_one_is_good_until_its_tickets_expire(box: Box) -> None:
    box.admits = False
    older = box.descriptor()
    assert box.descriptor().fingerprint == older.fingerprint
    box.now_s += RENEW_S
    newer = box.descriptor()
    assert newer.fingerprint != older.fingerprint
    for descriptor in (older, newer):
        box.dialling.stun_received(check(descriptor), (box.host, 9), box.host)
    assert len(box.asked) == 2
    mixed = replace(older, ticket=replace(older.ticket, generation=newer.ticket.generation))
    box.dialling.stun_received(check(mixed), (box.host, 9), box.host)
    assert len(box.asked) == 2
    for _ in range(600):  # numbers of keys come again
        box.now_s += RENEW_S
        box.descriptor()
    assert len(box.keys.generations) <= LIFE_S / RENEW_S


async def test_a_ticket_makes_one_link_for_a_certificate(box: Box) -> None:
    descriptor = box.descriptor()
    with stranger(box.host) as visitor, stranger(box.host) as other:
        await send(box, visitor, check(descriptor), check(descriptor, number=1))
        await send(box, other, check(descriptor))
        assert len(box.peers) == 1
        await box.peers[0].close()
        await send(box, other, check(descriptor, number=2))
        assert len(box.peers) == 1


async def test_a_ticket_of_one_process_is_good_at_no_other(box: Box) -> None:
    """Both have keys of one generation, as the agent gives them to its workers."""
    box.admits = False
    generation = box.keys.current()
    places = [generation.at(place) for place in range(2)]
    tickets = [place.descriptor([(box.host, 9)]) for place in places]
    assert tickets[0].fingerprint == tickets[1].fingerprint
    at_second = Dialling(box._admit, {generation.number: places[1]}, clock=lambda: box.now_s)
    at_second.stun_received(check(tickets[0]), (box.host, 9), box.host)
    assert box.asked == []
    at_second.stun_received(check(tickets[1]), (box.host, 9), box.host)
    assert len(box.asked) == 1


async def test_what_was_used_is_forgotten_before_it_is_too_much(box: Box) -> None:
    box.admits = True
    made = 0

    def admit(dialled: Dialled) -> bool:
        nonlocal made
        made += 1
        return True

    keys = DialKeys()
    dialling = Dialling(admit, keys.generations, monotonic=itertools.count().__next__)
    descriptor = keys.current().descriptor([(box.host, 9)])
    for number in range(USED + 10):
        message = check(descriptor, fingerprint=number.to_bytes(32, "big"))
        dialling.stun_received(message, (box.host, 9), box.host)
    assert made == USED + 10
    assert len(dialling._used) == USED


async def test_copies_of_a_good_check_are_above_a_rate_not_even_read(box: Box) -> None:
    with stranger(box.host) as copier:
        message = check(box.descriptor())
        await send(box, copier, message)
        (peer,) = box.peers
        dropped: list[None] = []
        peer.on_check_dropped = lambda: dropped.append(None)
        begun_s = time.monotonic()
        for _ in range(10):
            await send(box, copier, *[message] * CHECK_BURST_OF_A_LINK)
        read = 10 * CHECK_BURST_OF_A_LINK + 1 - len(dropped)
        lasted_s = time.monotonic() - begun_s
    assert len(box.asked) == 1
    assert read <= CHECK_BURST_OF_A_LINK + lasted_s * CHECKS_PER_S_OF_A_LINK + 1


async def test_another_certificate_than_the_named_one_gets_no_link(box: Box) -> None:
    descriptor = box.descriptor()
    visitor = VisitorPeer()
    visitor.fingerprint = FINGERPRINT
    await visitor.dial(descriptor)
    with pytest.raises(LinkError):
        await visitor.channel(timeout_s=2)
    with pytest.raises(LinkError) as caught:
        await box.peers[0].channel(timeout_s=2)
    assert caught.value.code == "handshake-failed"
    await visitor.close()


async def test_a_box_with_another_certificate_is_found_out(box: Box) -> None:
    visitor = VisitorPeer()
    await visitor.dial(replace(box.descriptor(), fingerprint=FINGERPRINT))
    with pytest.raises(LinkError) as caught:
        await visitor.channel(timeout_s=DEADLINE_S)
    assert caught.value.code == "handshake-failed"
    await visitor.close()


async def test_no_more_is_sent_than_came_until_the_address_is_proved(box: Box) -> None:
    descriptor = box.descriptor()
    with stranger(box.host) as victim:
        message = check(descriptor)
        sent, got = 0, 0
        for number in range(3):  # the second and third repeat what was overheard
            await send(box, victim, message)
            sent += len(message)
            got += sum(map(len, received(victim)))
            assert got <= sent, number
        await asyncio.sleep(2.2)  # aioice sends a check again after 0.5 and 1.5 s
        got += sum(map(len, received(victim)))
        assert 0 < got <= sent


async def test_a_hundred_thousand_forged_checks_leave_no_memory(box: Box) -> None:
    descriptor = box.descriptor()
    forged = [
        check(descriptor, password="x" * 24, fingerprint=number.to_bytes(32, "big"), number=number)
        for number in range(1_000)
    ]
    begun_s = time.process_time()
    tracemalloc.start()
    for turn in range(100):
        for message in forged:
            box.dialling.stun_received(message, (f"203.0.113.{turn}", turn + 1), box.host)
        if turn == 0:
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (box.asked, box.port.stats()["datagrams_out"]) == ([], 0)
    assert after - before < 20_000
    assert time.process_time() - begun_s < 30  # 1 to 2 s without tracemalloc


async def test_checks_above_a_rate_are_not_even_read_and_a_dial_gets_through_after_them(
    box: Box,
) -> None:
    now_s = 0.0
    admitted: list[Dialled] = []

    def admit(dialled: Dialled) -> bool:
        admitted.append(dialled)
        return True

    dialling = Dialling(
        admit, box.keys.generations, clock=lambda: box.now_s, monotonic=lambda: now_s
    )
    descriptor = box.descriptor()
    addr = ("203.0.113.7", 7)
    for number in range(3 * CHECK_BURST):
        forged = check(descriptor, password="x" * 24, number=number)
        dialling.stun_received(forged, addr, box.host)
    assert dialling.dropped == 2 * CHECK_BURST
    good = check(descriptor)
    dialling.stun_received(good, addr, box.host)
    assert admitted == []
    now_s = 1.5 / CHECKS_PER_S
    dialling.stun_received(good, addr, box.host)
    assert len(admitted) == 1


async def test_a_flood_disturbs_nobody_who_is_there(box: Box) -> None:
    descriptor = box.descriptor()
    visitor, peer = await opened(box, descriptor)
    forged = [check(descriptor, password="x" * 24, number=number) for number in range(50)]
    flood = asyncio.create_task(_flood(box, forged))
    try:
        digests = await download(visitor, peer, 300_000)
    finally:
        flood.cancel()
        await asyncio.gather(flood, return_exceptions=True)
    assert digests[:32] == digests[32:]
    assert len(box.asked) == 1
    await visitor.close()


async def _flood(box: Box, messages: list[bytes]) -> None:
    with stranger(box.host) as attacker:
        while True:
            for message in messages:
                with contextlib.suppress(BlockingIOError):
                    attacker.sendto(message, (box.host, box.port.number))
            await asyncio.sleep(0.001)
