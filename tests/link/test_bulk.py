"""A port one of whose links sends much is read at times, and not at each datagram."""

from __future__ import annotations

import asyncio
import time

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.box_peer import BoxPeer
from p2claw.link.channel import Channel
from p2claw.link.visitor_peer import VisitorPeer
from tests.link.peers import Pair, User
from tests.support.sockets import until

MUCH_BYTES = 65_536  # in flight, from which on it is so
MESSAGE = bytes(16_384)
# Longer than from one read to the next.
TURN_S = 0.0015


class Sink(User):
    """Keeps nothing."""

    def message_received(self, message: bytes) -> None:
        """Dropped."""


class Source(User):
    """Has more to send until it is over."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self.is_over = False

    def channel_drained(self) -> None:
        while self._channel.buffered_bytes < 4 * len(MESSAGE) and not self.is_over:
            self._channel.send(MESSAGE)
        self._channel.flush()


async def test_a_port_that_is_asked_to_send_all_the_time_reads_as_well() -> None:
    port = UdpPort()
    link = Pair(VisitorPeer(), BoxPeer(port=port))
    try:
        await link.join()
        to_box, to_visitor = await link.channels()
        at_box = Source(to_visitor)
        to_box.attach(Sink(), low_water_bytes=0)
        to_visitor.attach(at_box, low_water_bytes=2 * len(MESSAGE))

        def sends_much() -> bool:
            plane = link.box.stats().plane
            return plane is not None and plane["in_flight_bytes"] >= MUCH_BYTES

        at_box.channel_drained()
        await until(sends_much)
        to_box.send(b"a request")
        to_box.flush()
        for _ in range(50):
            time.sleep(TURN_S)  # noqa: ASYNC251 - as if the agent had other work
            to_visitor.send(MESSAGE)
            to_visitor.flush()
            await asyncio.sleep(0)
        at_box.is_over = True
        assert at_box.messages == [b"a request"]
    finally:
        await asyncio.gather(link.visitor.close(), link.box.close())
        port.close()
