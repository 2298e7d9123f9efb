"""How a port is served while one of its links sends much."""

from __future__ import annotations

import asyncio
import time

from p2claw.dataplane.carrier._engine import UdpPort
from tests.dataplane.raw_peer import RawPeer

MUCH_BYTES_PER_S = 8e6
MESSAGE = bytes(16_384)
LOW_BYTES = 2 * len(MESSAGE)
MEASURED_S = 0.3


class Source:
    """Always has more to send."""

    def __init__(self, peer: RawPeer) -> None:
        self._link = peer.link

    def channel_drained(self) -> None:
        while self._link.buffered_bytes <= LOW_BYTES:
            self._link.send(MESSAGE)

    def message_received(self, message: bytes) -> None:
        """None comes."""

    def channel_closed(self) -> None:
        """The test is over."""


async def test_acknowledgements_to_a_link_that_sends_much_do_not_wake_the_port_one_by_one(
    port: UdpPort,
) -> None:
    """A peer who reads some 25 MB/s sends ten of them in each millisecond."""
    peer = RawPeer(port)
    await peer.establish()
    source = Source(peer)
    peer.link.attach(source, low_water_bytes=LOW_BYTES)
    source.channel_drained()
    wakes, began_s = 0, 0.0
    while not began_s or time.monotonic() < began_s + MEASURED_S:
        await asyncio.sleep(0.001)
        peer.read_waiting(20)
        if not began_s and peer.link.stats()["pacing_bytes_per_s"] > 2 * MUCH_BYTES_PER_S:
            wakes, began_s = port.wakes, time.monotonic()
    took_s = time.monotonic() - began_s
    wakes = port.wakes - wakes
    peer.link.detach()
    peer.close()
    # One per millisecond, and some more while it grows to so much.
    assert wakes < 1.5 * took_s / 0.001
