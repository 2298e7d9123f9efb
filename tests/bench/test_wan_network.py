"""The emulated line of the wan bench: what it promises, seen by datagrams that cross it.

A time is asserted from below only: a line may be late on a busy machine, and never early.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from bench.wan.network import (
    NAME_PREFIX,
    RECEIVER_ADDRESS,
    SENDER_ADDRESS,
    Direction,
    Network,
    network,
    prepare,
)
from p2claw.errors import UsageError
from tests.support import namespaces
from tests.support.own_namespace import needs_namespaces

PORT = 5000
IP_AND_UDP_BYTES = 28
QUIET_S = 0.3  # after which nothing more comes

needs_line = needs_namespaces("cc", "/dev/net/tun")


def socket_in(namespace: str) -> socket.socket:
    """A UDP socket of a namespace: a thread goes there to make it, and nobody else does."""
    made: list[socket.socket] = []

    def make() -> None:
        namespaces.enter(namespace)
        made.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    made[0].setblocking(False)
    return made[0]


class Ends:
    """A socket at each end of a line. arrivals: (time, number) of the packets that crossed it."""

    def __init__(self, made: Network) -> None:
        self.sender, self.receiver = socket_in(made.sender), socket_in(made.receiver)
        self.receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        self.receiver.bind((RECEIVER_ADDRESS, PORT))
        self.sender.bind((SENDER_ADDRESS, PORT))
        self.arrivals: list[tuple[float, int]] = []

    def send(self, count: int, size_bytes: int, *, start: int = 0) -> None:
        """Packets of that size on the line, all at once, numbered."""
        for number in range(start, start + count):
            data = number.to_bytes(4, "big").ljust(size_bytes - IP_AND_UDP_BYTES, b"\0")
            self.sender.sendto(data, (RECEIVER_ADDRESS, PORT))

    async def received(self) -> list[int]:
        """The numbers of all that came, in order, once nothing more comes."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(QUIET_S):
                    data = await loop.sock_recv(self.receiver, 2048)
            except TimeoutError:
                return [number for _, number in self.arrivals]
            self.arrivals.append((time.monotonic(), int.from_bytes(data[:4], "big")))

    def close(self) -> None:
        self.sender.close()
        self.receiver.close()


async def cross(
    direction: Direction, count: int, size_bytes: int, *, seed: int = 1
) -> tuple[list[int], dict[str, int]]:
    """Send so many packets at once; what came, and what the line counted."""
    async with network(direction, Direction(), seed=seed) as made:
        ends = Ends(made)
        ends.send(count, size_bytes)
        came = await ends.received()
        ends.close()
    return came, made.counts["a_to_b"]


@needs_line
async def test_a_line_without_terms_keeps_every_packet_and_their_order() -> None:
    came, counts = await cross(Direction(delay_ms=1), 2000, 200)
    assert came == list(range(2000))
    assert counts["delivered"] == 2000


@needs_line
async def test_about_as_many_are_lost_as_was_configured() -> None:
    came, counts = await cross(Direction(loss_percent=5), 4000, 200)
    assert 150 < counts["losses"] < 250
    assert len(came) == 4000 - counts["losses"]
    assert came == sorted(came)


@needs_line
async def test_the_seed_decides_which_are_lost() -> None:
    first, _ = await cross(Direction(loss_percent=5), 1000, 200, seed=7)
    again, _ = await cross(Direction(loss_percent=5), 1000, 200, seed=7)
    other, _ = await cross(Direction(loss_percent=5), 1000, 200, seed=8)
    assert first == again != other


@needs_line
async def test_packets_overtake_each_other_where_that_was_asked_for() -> None:
    terms = Direction(rate_mbit=10, delay_ms=1, reorder_percent=10, reorder_ms=5)
    came, counts = await cross(terms, 400, 500)
    assert came != list(range(400)) == sorted(came)
    assert counts["reordered"] > 0


@needs_line
async def test_no_packet_comes_before_the_line_can_have_carried_it() -> None:
    terms = Direction(rate_mbit=8, delay_ms=30)
    async with network(terms, Direction(), seed=1) as made:
        ends = Ends(made)
        began = time.monotonic()
        ends.send(300, 1000)
        assert len(await ends.received()) == 300
        ends.close()
    for place, (at, _) in enumerate(ends.arrivals):
        assert at - began >= 0.030 + (place + 1) * 0.001  # 1,000 bytes at 8 Mbit/s: 1 ms


@needs_line
async def test_what_does_not_fit_into_the_queue_is_dropped_at_its_tail() -> None:
    came, counts = await cross(Direction(rate_mbit=1, queue_bytes=20_000), 100, 1000)
    assert came[:20] == list(range(20))
    assert counts["queue_drops"] == 100 - len(came) > 0
    assert 19_000 < counts["queue_most_bytes"] <= 20_000


@needs_line
async def test_larger_packets_vanish_in_a_black_hole() -> None:
    async with network(Direction(largest_bytes=1280), Direction(), seed=1) as made:
        ends = Ends(made)
        ends.send(10, 1281)
        ends.send(10, 1280, start=10)
        assert await ends.received() == list(range(10, 20))
        ends.close()
    assert made.counts["a_to_b"]["too_large"] == 10


@needs_line
async def test_the_namespaces_are_gone_however_it_ends() -> None:
    with pytest.raises(ZeroDivisionError):
        async with network(Direction(), Direction(), seed=1) as made:
            assert Path("/run/netns", made.sender).exists()
            raise ZeroDivisionError
    assert not Path("/run/netns", made.sender).exists()
    assert not Path("/run/netns", made.receiver).exists()


@needs_line
async def test_what_a_killed_process_left_is_swept_by_the_next() -> None:
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    left = f"{NAME_PREFIX}{process.pid}-0-s"
    made = await asyncio.create_subprocess_exec("ip", "netns", "add", left)
    assert await made.wait() == 0
    prepare()
    assert not Path("/run/netns", left).exists()


def test_who_is_not_root_gets_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UsageError) as caught:
        prepare()
    assert caught.value.code == "root-needed"
