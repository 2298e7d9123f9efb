"""A NAT in userspace: what goes through it comes from another port, and it may forget or lose.

The visitor sends to `address`, the box sees `outer_port`. Seeded: the same numbers of packets meet
the same fate.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.link.peers import without_candidates

Address = tuple[str, int]


@dataclass
class Relay:
    """One visitor's NAT.

    loss: the chance of each packet, each way, to vanish. lost_records: datagrams of DTLS, counted
    both ways from 0, that vanish in any case.
    """

    loss: float = 0.0
    lost_records: frozenset[int] = frozenset()
    records: int = 0
    seed: int = 1
    host: str = ""
    lost: int = 0
    passed: int = 0
    tap: Callable[[bytes], None] = lambda data: None  # gets what the visitor sent
    box: Address | None = None
    visitor: Address | None = None
    _random: Random = field(init=False)
    _inner: asyncio.DatagramTransport = field(init=False)
    _outer: asyncio.DatagramTransport = field(init=False)

    async def open(self, host: str) -> None:
        self._random, self.host = Random(self.seed), host
        self._inner = await _endpoint(host, self._from_visitor)
        self._outer = await _endpoint(host, self._from_box)

    async def rebind(self) -> None:
        """From now on the visitor has another port; what comes to the old one is lost."""
        old, self._outer = self._outer, await _endpoint(self.host, self._from_box)
        old.close()

    def close(self) -> None:
        self._inner.close()
        self._outer.close()

    @property
    def outer_port(self) -> int:
        return int(self._outer.get_extra_info("sockname")[1])

    def change(self, sdp: str) -> str:
        """For `pair`: the box gets no address, the visitor only this one's."""
        stripped = without_candidates(sdp)
        if "a=setup:actpass" in sdp:
            return stripped
        self.box = candidate_of(sdp, self.host)
        port = self._inner.get_extra_info("sockname")[1]
        return f"{stripped}a=candidate:1 1 udp 2130706431 {self.host} {port} typ host\r\n"

    def _from_visitor(self, data: bytes, source: Address) -> None:
        self.visitor = source
        self.tap(data)
        if self.box is not None and self._passes(data):
            self._outer.sendto(data, self.box)

    def _from_box(self, data: bytes, source: Address) -> None:
        if source == self.box and self.visitor is not None and self._passes(data):
            self._inner.sendto(data, self.visitor)

    def _passes(self, data: bytes) -> bool:
        number = self.records
        is_record = data[0] >= 20
        self.records += is_record
        if self._random.random() < self.loss or (is_record and number in self.lost_records):
            self.lost += 1
            return False
        self.passed += 1
        return True


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)


async def _endpoint(
    host: str, received: Callable[[bytes, Address], None]
) -> asyncio.DatagramTransport:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Endpoint(received), local_addr=(host, 0)
    )
    sock = transport.get_extra_info("socket")
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, 4 * 1024 * 1024)
    return transport


def candidate_of(sdp: str, host: str) -> Address:
    """The candidate of a description with this address."""
    for line in sdp.splitlines():
        parts = line.split()
        if line.startswith("a=candidate:") and parts[4] == host:
            return host, int(parts[5])
    raise AssertionError(f"no candidate is at {host}")
