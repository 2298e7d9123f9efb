"""A process that stood still reads what came meanwhile before its timers judge anybody by it."""

from __future__ import annotations

import asyncio
import time

from p2claw.dataplane.carrier._engine import UdpPort
from tests.dataplane.raw_peer import RawPeer

# More than a wake reads otherwise, and less than the receive buffer holds.
DATAGRAMS = 500
STRANGE = b"\xff"

# Longer than the least retransmission timeout (docs/dataplane/CONSTANTS.md).
STILL_S = 0.6


async def test_an_acknowledgement_behind_much_else_comes_in_time(
    port: UdpPort, peer: RawPeer
) -> None:
    before = peer.link.stats()["timeouts"], port.strangers
    peer.link.send(b"a message")
    peer.link.flush()
    for _ in range(DATAGRAMS):
        peer.send_raw(STRANGE)
    peer.read_waiting(1)
    time.sleep(STILL_S)  # noqa: ASYNC251
    for _ in range(10):
        await asyncio.sleep(0)
    assert (peer.link.stats()["timeouts"], port.strangers) == (before[0], before[1] + DATAGRAMS)
    assert peer.link.stats()["in_flight_bytes"] == 0
