"""One UDP port: whom it gives which datagram, what it frees, and what it survives."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.dataplane.core import _stun
from p2claw.errors import LocalProtocolError, UsageError
from p2claw.link.port import open_port
from tests.support.own_namespace import needs_namespaces, run_in_namespace
from tests.support.sockets import descriptors, set_option, until

HOSTS = pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
TRANSACTION = bytes(range(12))


@contextlib.contextmanager
def stranger(host: str) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as made:
        made.bind((host, 0))
        made.settimeout(20)
        yield made


@dataclass
class Receiver:
    received: list[tuple[bytes, tuple[str, int], str]] = field(default_factory=list)

    def stun_received(self, data: bytes, addr: tuple[str, int], local_host: str) -> None:
        self.received.append((data, addr, local_host))


def check_for(username: bytes, transaction: bytes = TRANSACTION) -> bytes:
    made = _stun.write_request(
        transaction,
        username,
        1,
        controlling=True,
        tie_breaker=1,
        use_candidate=True,
        key=b"some password",
    )
    assert made is not None
    return made


def response_to(transaction: bytes) -> bytes:
    made = _stun.write_success(transaction, bytes(16), 1, b"some password")
    assert made is not None
    return made


@HOSTS
async def test_a_check_goes_to_who_has_its_ufrag(port: UdpPort, host: str) -> None:
    one, other = Receiver(), Receiver()
    port.add_ufrag("abcd", one)
    port.add_ufrag("abce", other)
    with stranger(host) as visitor:
        visitor.sendto(check_for(b"abcd:wxyz"), (host, port.number))
        await until(lambda: bool(one.received))
        ((data, addr, local_host),) = one.received
        assert data == check_for(b"abcd:wxyz")
        assert addr == visitor.getsockname()[:2]
        assert local_host == host
    assert other.received == []


@HOSTS
async def test_a_response_goes_to_who_asked(port: UdpPort, host: str) -> None:
    one, other = Receiver(), Receiver()
    port.add_transaction(TRANSACTION, one)
    port.add_transaction(bytes(12), other)
    with stranger(host) as visitor:
        visitor.sendto(response_to(TRANSACTION), (host, port.number))
        await until(lambda: bool(one.received))
    assert (one.received[0][0], other.received) == (response_to(TRANSACTION), [])


async def test_who_left_is_sent_nothing_more(port: UdpPort) -> None:
    gone, here = Receiver(), Receiver()
    port.add_ufrag("gone", gone)
    port.add_transaction(TRANSACTION, gone)
    port.add_ufrag("here", here)
    port.remove_ufrag("gone")
    port.remove_transaction(TRANSACTION)
    with stranger("127.0.0.1") as visitor:
        for message in (check_for(b"gone:x"), response_to(TRANSACTION), check_for(b"here:x")):
            visitor.sendto(message, ("127.0.0.1", port.number))
        await until(lambda: bool(here.received))
    assert gone.received == []
    assert port.stats()["stun_ignored"] == 2


@pytest.mark.parametrize(
    "message",
    [
        check_for(b""),
        check_for(b":"),
        check_for(b"nobody"),
        check_for(b"nobody:x"),
        check_for(b"\xff\xfe:x"),
        check_for(b"x" * 300 + b":x"),
        check_for(b"abcd:x")[:25],
        check_for(b"abcd:x")[:20],
        b"\0\1\xff\xff\x21\x12\xa4\x42" + bytes(12) + b"\0\6\xff\xff",
        bytes(20),
        b"\0",
        b"\1" * 19,
    ],
)
async def test_a_check_for_nobody_is_counted(port: UdpPort, message: bytes) -> None:
    receiver = Receiver()
    port.add_ufrag("abcd", receiver)
    with stranger("127.0.0.1") as visitor:
        visitor.sendto(message, ("127.0.0.1", port.number))
        await until(lambda: port.stats()["stun_ignored"] == 1)
    assert receiver.received == []


@HOSTS
async def test_every_first_byte_of_a_stranger_is_counted_and_dropped(
    port: UdpPort, host: str
) -> None:
    with stranger(host) as visitor:
        for first in range(256):
            visitor.sendto(bytes([first]) * 40, (host, port.number))
        await until(lambda: port.stats()["datagrams_in"] == 256)
    assert (port.stats()["stun_ignored"], port.stats()["strangers"]) == (4, 252)


async def test_datagrams_of_nothing_and_of_the_most_are_survived(port: UdpPort) -> None:
    receiver = Receiver()
    port.add_ufrag("abcd", receiver)
    with stranger("127.0.0.1") as visitor:
        for datagram in (b"", b"\x17" * 65_507, b"", check_for(b"abcd:x")):
            visitor.sendto(datagram, ("127.0.0.1", port.number))
        await until(lambda: bool(receiver.received))
    stats = port.stats()
    assert (stats["datagrams_in"], stats["strangers"], stats["read_errors"]) == (4, 1, 0)


async def test_a_receiver_that_fails_is_reported_and_harms_nobody(port: UdpPort) -> None:
    class Failing:
        def stun_received(self, data: bytes, addr: tuple[str, int], local_host: str) -> None:
            raise RuntimeError("of the receiver's own")

    faults: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
    receiver = Receiver()
    port.add_ufrag("fail", Failing())
    port.add_ufrag("good", receiver)
    with stranger("127.0.0.1") as visitor:
        visitor.sendto(check_for(b"fail:x"), ("127.0.0.1", port.number))
        visitor.sendto(check_for(b"good:x"), ("127.0.0.1", port.number))
        await until(lambda: bool(receiver.received))
    assert [str(fault["exception"]) for fault in faults] == ["of the receiver's own"]


@HOSTS
async def test_one_port_sends_to_both_families(port: UdpPort, host: str) -> None:
    with stranger(host) as visitor:
        port.send_to(b"hello", host, visitor.getsockname()[1])
        port.send_to(b"from there", host, visitor.getsockname()[1], host)
        for payload in (b"hello", b"from there"):
            data, source = visitor.recvfrom(100)
            assert (data, source[:2]) == (payload, (host, port.number))


async def test_what_cannot_be_sent_is_counted_and_lost(port: UdpPort) -> None:
    port.send_to(b"x" * 65_508, "127.0.0.1", 9)
    assert port.stats()["send_too_large"] == 1
    port.send_to(b"x", "255.255.255.255", 9)  # EACCES: no broadcast was asked for
    assert port.stats()["send_unreachable"] == 1
    port.send_to(b"", "127.0.0.1", 9)
    assert port.stats()["datagrams_out"] == 0


@pytest.mark.parametrize(("host", "gone"), [("127.0.0.1", "203.0.113.7"), ("::1", "2001:db8::7")])
@pytest.mark.parametrize("datagrams", [1, 3])
async def test_an_address_that_is_gone_does_not_hold_back_what_was_to_leave_from_it(
    port: UdpPort, host: str, gone: str, datagrams: int
) -> None:
    with stranger(host) as visitor:
        for number in range(datagrams):
            port.send_to(b"%d" % number, host, visitor.getsockname()[1], gone)
            data, source = visitor.recvfrom(100)
            assert (data, source[:2]) == (b"%d" % number, (host, port.number))
    assert port.stats()["send_unpinned"] == datagrams
    assert port.stats()["send_unreachable"] == 0


@pytest.mark.parametrize(
    ("host", "number"), [("", 9), ("localhost", 9), ("1.2.3", 9), ("::1", 65_536), ("::1", -1)]
)
async def test_an_address_that_is_none_is_refused(port: UdpPort, host: str, number: int) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        port.send_to(b"x", host, number)
    assert caught.value.code == "address-wrong"


@pytest.mark.parametrize("number", [-1, 65_536])
async def test_a_number_that_is_no_port_is_refused_and_closes_nothing(number: int) -> None:
    gc.collect()  # of what other tests left
    before = descriptors()
    with pytest.raises(LocalProtocolError):
        UdpPort(number)
    gc.collect()
    assert descriptors() == before


async def test_a_port_that_is_taken_is_refused_and_closes_nothing(port: UdpPort) -> None:
    before = descriptors()
    for _ in range(3):
        with pytest.raises(UsageError) as caught:
            open_port(port.number)
        gc.collect()
        assert caught.value.code == "udp-port-taken"
        assert str(port.number) in caught.value.message
    assert descriptors() == before


async def test_a_port_that_only_ipv4_has_taken_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 0))
        with pytest.raises(UsageError) as caught:
            open_port(other.getsockname()[1])
    assert caught.value.code == "udp-port-taken"


async def test_a_hundred_ports_leave_no_descriptor() -> None:
    gc.collect()
    before = descriptors()
    ports = [UdpPort() for _ in range(100)]
    assert len({port.number for port in ports}) == 100
    for port in ports:
        port.send_to(b"x", "127.0.0.1", ports[0].number)
    await until(lambda: ports[0].stats()["datagrams_in"] == 100)
    for port in ports:
        port.close()
        port.close()
    assert descriptors() == before


async def test_a_closed_port_reads_nothing_and_sends_nothing(port: UdpPort) -> None:
    port.close()
    port.send_to(b"x", "127.0.0.1", 9)
    assert port.stats()["sends"] == 0
    with stranger("127.0.0.1") as other:
        other.sendto(b"x", ("127.0.0.1", port.number))
    await asyncio.sleep(0.01)
    assert port.stats()["datagrams_in"] == 0


async def test_a_port_can_be_opened_again_at_once() -> None:
    first = UdpPort()
    first.close()
    again = open_port(first.number)
    assert again.number == first.number
    again.close()


class CountingLoop:
    """The running loop, with the wakes of a port counted."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.wakes = 0

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        def woke() -> None:
            self.wakes += 1
            callback()

        self.loop.add_reader(fd, woke)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loop, name)


async def test_a_port_that_receives_nothing_never_wakes() -> None:
    loop: Any = CountingLoop()
    port = UdpPort(loop=loop)
    try:
        with stranger("127.0.0.1") as other:
            for _ in range(500):
                other.sendto(b"\x17" * 1000, ("127.0.0.1", port.number))
        await until(lambda: port.stats()["datagrams_in"] == 500)
        await asyncio.sleep(0.05)  # until it has seen that nothing more comes
        loop.wakes = 0
        await asyncio.sleep(0.3)
        assert loop.wakes == 0
    finally:
        port.close()


async def test_small_datagrams_of_strangers_are_read_by_few_wakes() -> None:
    loop: Any = CountingLoop()
    port = UdpPort(loop=loop)
    try:
        with stranger("127.0.0.1") as other:
            for _ in range(2_000):
                other.sendto(b"\x17" * 100, ("127.0.0.1", port.number))
                await asyncio.sleep(0)  # the loop looks at its descriptors once
        await until(lambda: port.stats()["datagrams_in"] == 2_000)
        assert loop.wakes < 1_000
    finally:
        port.close()


async def test_no_descriptor_is_inherited(port: UdpPort) -> None:
    """Workers would hold the port after the agent's end."""
    for fd in descriptors():
        target = str(Path(f"/proc/self/fd/{fd}").readlink())
        if "eventpoll" in target or "timerfd" in target or target.startswith("socket:"):
            assert not os.get_inheritable(fd), target


@needs_namespaces("tc")
def test_what_found_no_room_is_sent_later_and_then_the_port_sleeps() -> None:
    run_in_namespace(
        blocked_and_free_again, "tc qdisc add dev lo root tbf rate 2mbit burst 4kb limit 1mb"
    )


async def blocked_and_free_again() -> None:
    loop: Any = CountingLoop()
    port = UdpPort(loop=loop)
    set_option(port.number, socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    with stranger("127.0.0.1") as far:
        given = 0
        while not port.stats()["send_blocked"]:
            assert given < 1_000
            port.send_to(b"%4d" % given + bytes(1_000), "127.0.0.1", far.getsockname()[1])
            given += 1
        await until(lambda: port.stats()["datagrams_out"] == given)
        received = [int(far.recv(2_000)[:4]) for _ in range(given)]
    assert received == list(range(given))  # the last is the one that waited
    await asyncio.sleep(0.05)
    loop.wakes = 0
    await asyncio.sleep(0.3)
    assert loop.wakes == 0
    port.close()
