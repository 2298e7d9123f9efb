"""The kernel gives each datagram to the socket of the worker that it is for."""

from __future__ import annotations

import itertools
import random
import socket
from collections.abc import Iterator

import pytest

from p2claw.agent.workers.shared_port import SharedPort
from p2claw.agent.workers.steering import BUCKET, FLOWS, steering
from p2claw.config.agent import IS_PORT_SHARED
from p2claw.dataplane.carrier._engine import Flows
from p2claw.dataplane.core import _stun
from p2claw.errors import UsageError

pytestmark = pytest.mark.skipif(not IS_PORT_SHARED, reason="workers share a port on Linux alone")

WORKERS = 3
RECORD = bytes([23]) + bytes(40)
INSTRUCTIONS = 4_096


@pytest.fixture
def port() -> Iterator[SharedPort]:
    port = SharedPort(0, WORKERS)
    yield port
    port.close()


@pytest.fixture(params=["127.0.0.1", "::1"])
def stranger(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with _stranger(request.param) as made:
        yield made


def _stranger(host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind((host, 0))
    return made


def _chosen(port: SharedPort, sender: socket.socket, data: bytes) -> int:
    """The worker whose socket this datagram comes to."""
    sender.sendto(data, (sender.getsockname()[0], port.number))
    for place in range(WORKERS):
        with socket.socket(fileno=socket.dup(port.handles(place).socket)) as one:
            try:
                if one.recv(2_000, socket.MSG_DONTWAIT) == data:
                    return place
            except BlockingIOError:
                continue
    raise AssertionError("no socket got it")


def _check(ufrag: str) -> bytes:
    made = _stun.write_request(
        bytes(12),
        f"{ufrag}:abcd".encode(),
        1,
        controlling=True,
        tie_breaker=0,
        use_candidate=False,
        key=b"key",
    )
    assert made is not None
    return made


@pytest.mark.parametrize("place", range(WORKERS))
def test_a_check_comes_to_the_worker_that_its_ufrag_names(
    port: SharedPort, stranger: socket.socket, place: int
) -> None:
    assert _chosen(port, stranger, _check("x" + "ABC"[place] + "cdef")) == place


@pytest.mark.parametrize("place", range(WORKERS))
def test_a_check_of_a_dial_comes_to_the_worker_that_its_ticket_names(
    port: SharedPort, stranger: socket.socket, place: int
) -> None:
    ufrag = "AQAAAAAA" + "ABC"[place] + "B" * 77
    assert _chosen(port, stranger, _check(ufrag)) == place


@pytest.mark.parametrize("place", range(WORKERS))
def test_a_response_comes_to_the_worker_that_its_transaction_names(
    port: SharedPort, stranger: socket.socket, place: int
) -> None:
    response = b"\x01\x01\0\0" + b"\x21\x12\xa4\x42" + bytes([place]) + bytes(11)
    assert _chosen(port, stranger, response) == place


@pytest.mark.parametrize("place", range(WORKERS))
def test_what_a_visitor_sends_comes_to_its_worker(
    port: SharedPort, stranger: socket.socket, place: int
) -> None:
    flows = Flows(port.handles(0).flows)
    flows.put(*stranger.getsockname()[:2], place)
    port.steer()
    assert _chosen(port, stranger, RECORD) == place


def test_what_a_lost_worker_had_is_nobodys(port: SharedPort, stranger: socket.socket) -> None:
    flows = Flows(port.handles(0).flows)
    flows.put(*stranger.getsockname()[:2], 1)
    port.lost(1)
    assert flows.find(*stranger.getsockname()[:2]) == -1


def test_many_visitors_are_found_each_at_its_worker(port: SharedPort) -> None:
    flows = Flows(port.handles(0).flows)
    places = itertools.cycle(range(WORKERS))
    visitors = [(_stranger("127.0.0.1"), next(places)) for _ in range(8 * BUCKET)]
    for visitor, place in visitors:
        flows.put(*visitor.getsockname(), place)
    port.steer()
    assert [_chosen(port, v, RECORD) for v, _ in visitors] == [place for _, place in visitors]
    for visitor, _ in visitors:
        visitor.close()


def test_a_datagram_that_is_too_short_for_anything_comes_to_some_worker(
    port: SharedPort, stranger: socket.socket
) -> None:
    assert _chosen(port, stranger, b"\0\x01") in range(WORKERS)


@pytest.mark.parametrize("places", [2, 64])
def test_a_program_of_too_many_visitors_is_no_longer_than_the_kernel_takes(places: int) -> None:
    draw = random.Random(places)
    flows = [(draw.getrandbits(32), draw.randrange(places)) for _ in range(5 * FLOWS)]
    assert len(steering(1, 3, places, flows)) // 8 <= INSTRUCTIONS


def test_the_kernel_accepts_a_program_of_as_many_visitors_as_there_may_be() -> None:
    port = SharedPort(0, 64)
    flows = Flows(port.handles(0).flows)
    for number in range(2 * FLOWS):
        flows.put(f"10.0.{number >> 8}.{number & 255}", 4_000, number % 64)
    try:
        assert port.steer()
    finally:
        port.close()


def test_the_port_of_another_agent_is_found_taken(port: SharedPort) -> None:
    with pytest.raises(UsageError) as caught:
        SharedPort(port.number, WORKERS)
    assert caught.value.code == "udp-port-taken"


def test_a_port_of_one_process_is_found_taken() -> None:
    with _stranger("127.0.0.1") as taken, pytest.raises(UsageError) as caught:
        SharedPort(taken.getsockname()[1], WORKERS)
    assert caught.value.code == "udp-port-taken"
