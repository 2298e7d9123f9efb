"""One UDP port of two processes: who gets what, and what one hands over to the other."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterator

import pytest

from p2claw.agent.workers.shared_port import SharedPort
from p2claw.config.agent import IS_PORT_SHARED
from p2claw.dataplane.carrier._engine import Flows, Place, UdpPort
from p2claw.link.ice.ice_connection import ICE_CHARS
from tests.dataplane.test_udp_port import Receiver, stranger
from tests.support.sockets import until

pytestmark = pytest.mark.skipif(not IS_PORT_SHARED, reason="workers share a port on Linux alone")

RECORD = bytes([23, 254, 253]) + bytes(40)
FLOOD = 1_000
HANDED_AT_ONCE = 256  # `CHECK_BURST` of `_place.pxi`


@pytest.fixture
def shared() -> Iterator[SharedPort]:
    shared = SharedPort(0, 2)
    yield shared
    shared.close()


@pytest.fixture
async def ports(shared: SharedPort) -> AsyncIterator[list[UdpPort]]:
    """Two ends of one port; the kernel is not informed of who has whom."""
    made = []
    for number in range(2):
        handles = shared.handles(number)
        place = Place(
            number,
            socket=socket.dup(handles.socket),
            flows=Flows(handles.flows),
            own=handles.own,
            others=handles.others,
        )
        made.append(UdpPort(place=place))
    yield made
    for port in made:
        port.close()


def unusual_check(ufrag: str) -> bytes:
    """A check with another attribute before USERNAME, so that the kernel does not know whose."""
    name = f"{ufrag}:wxyz".encode()
    name_attribute = struct.pack(">HH", 6, len(name)) + name + bytes(-len(name) % 4)
    attributes = struct.pack(">HH4s", 0x8022, 4, b"soft") + name_attribute
    return struct.pack(">HHI12s", 1, len(attributes), 0x2112A442, bytes(12)) + attributes


@contextlib.contextmanager
def stranger_at(ports: list[UdpPort], place: int) -> Iterator[socket.socket]:
    """One whose datagrams come to the socket of this place as long as nobody knows it."""
    with contextlib.ExitStack() as ends:
        while True:
            one = ends.enter_context(stranger("127.0.0.1"))
            before = [port.datagrams_in for port in ports]
            one.sendto(RECORD, ("127.0.0.1", ports[0].number))
            while [port.datagrams_in for port in ports] == before:
                await_turn(ports)
            if ports[place].datagrams_in > before[place]:
                yield one
                return


def await_turn(ports: list[UdpPort]) -> None:
    for port in ports:
        port.wake()  # type: ignore[attr-defined]


async def test_a_check_that_the_kernel_gave_to_another_process_is_handed_over(
    ports: list[UdpPort],
) -> None:
    receiver = Receiver()
    ufrag = "x" + ICE_CHARS[1] + "cdef"
    ports[1].add_ufrag(ufrag, receiver)
    with stranger_at(ports, 0) as visitor:
        visitor.sendto(unusual_check(ufrag), ("127.0.0.1", ports[0].number))
        await until(lambda: bool(receiver.received))
        ((data, addr, local_host),) = receiver.received
        assert (data, addr) == (unusual_check(ufrag), visitor.getsockname())
        assert local_host == "127.0.0.1"
    assert (ports[0].stats()["handed_out"], ports[1].stats()["handed_in"]) == (1, 1)


async def test_a_check_of_an_unknown_process_is_dropped(ports: list[UdpPort]) -> None:
    with stranger_at(ports, 0) as visitor:
        visitor.sendto(unusual_check("x" + ICE_CHARS[9] + "cdef"), ("127.0.0.1", ports[0].number))
        await until(lambda: ports[0].stats()["stun_ignored"] == 1)
    assert ports[0].stats()["handed_out"] == 0


async def test_a_flood_of_checks_for_another_process_is_handed_over_up_to_a_rate(
    ports: list[UdpPort],
) -> None:
    check = unusual_check("x" + ICE_CHARS[1] + "cdef")
    with stranger_at(ports, 0) as visitor:
        for _ in range(FLOOD):
            visitor.sendto(check, ("127.0.0.1", ports[0].number))
            await_turn(ports[:1])
    stats = ports[0].stats()
    assert stats["handed_out"] + stats["handed_lost"] >= HANDED_AT_ONCE
    assert stats["handed_refused"] > 0


async def test_what_a_known_visitor_of_another_process_sends_is_handed_over(
    shared: SharedPort, ports: list[UdpPort]
) -> None:
    with stranger_at(ports, 0) as visitor:
        Flows(shared.handles(0).flows).put(*visitor.getsockname(), 1)
        visitor.sendto(RECORD, ("127.0.0.1", ports[0].number))
        await until(lambda: ports[1].stats()["handed_in"] == 1)
        assert ports[0].stats()["handed_out"] == 1


async def test_a_record_of_nobody_is_handed_to_nobody(ports: list[UdpPort]) -> None:
    with stranger_at(ports, 0) as visitor:
        before = ports[0].strangers
        visitor.sendto(RECORD, ("127.0.0.1", ports[0].number))
        await until(lambda: ports[0].strangers == before + 1)
    assert ports[0].stats()["handed_out"] == 0


@pytest.fixture
def flows() -> Flows:
    return Flows(Flows.new())


def test_a_visitor_is_found_until_its_process_lets_it_go(flows: Flows) -> None:
    assert flows.put("192.0.2.1", 4_000, 3)
    assert flows.find("192.0.2.1", 4_000) == 3
    assert flows.find("192.0.2.1", 4_001) == -1
    flows.remove("192.0.2.1", 4_000, 3)
    assert flows.find("192.0.2.1", 4_000) == -1


def test_who_has_proved_an_address_has_it_and_who_has_not_takes_it_from_nobody(
    flows: Flows,
) -> None:
    flows.put("2001:db8::1", 4_000, 0, confirmed=False)
    assert not flows.put("2001:db8::1", 4_000, 1, confirmed=False)
    assert flows.find("2001:db8::1", 4_000) == 0
    assert flows.put("2001:db8::1", 4_000, 1)
    assert flows.find("2001:db8::1", 4_000) == 1
    flows.remove("2001:db8::1", 4_000, 0)
    assert flows.find("2001:db8::1", 4_000) == 1


def test_ten_thousand_visitors_have_room(flows: Flows) -> None:
    visitors = [(f"10.{n >> 8 & 255}.{n & 255}.7", 1_024 + n, n % 4) for n in range(10_000)]
    assert all(flows.put(*visitor) for visitor in visitors)
    assert [flows.find(host, port) for host, port, _ in visitors] == [p for _, _, p in visitors]
    assert len(flows.listed()) == 10_000


def test_the_visitors_of_a_process_that_ended_are_nobodys(flows: Flows) -> None:
    flows.put("192.0.2.1", 1, 0)
    flows.put("192.0.2.1", 2, 1)
    flows.clear(0)
    assert (flows.find("192.0.2.1", 1), flows.find("192.0.2.1", 2)) == (-1, 1)
