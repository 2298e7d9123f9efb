"""The datagrams of a handshake: what was sent is sent again until the other side replies.

OpenSSL waits for 1 s before it does that, browsers for 50 ms. A record that has come is dropped by
the other side if it comes again; if the flight of the other side was lost, that side sends it again
by itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from p2claw.link.ice.ice_connection import IceConnection

# Until a flight of the handshake is sent again, and then twice as long each time: twice the round
# trip that a check has measured, within these bounds; the second one if none has.
RESEND_LEAST_S = 0.1
RESEND_FIRST_S = 0.2
RESEND_MOST_S = 1.0

# Of one flight, at most: the longest of ours has a certificate and takes three.
FLIGHT_DATAGRAMS = 8


class Flights:
    """Sends and receives the datagrams of one handshake. last: what was sent last."""

    def __init__(self, connection: IceConnection) -> None:
        self.last: list[bytes] = []
        self._connection = connection
        self._is_replied = True
        self._resend_s = RESEND_FIRST_S

    async def receive(self) -> bytes:
        """What comes next. As long as nothing does, our last flight is sent again.

        Raises ConnectionError once the connection is lost.
        """
        while True:
            try:
                received = await asyncio.wait_for(self._connection.recv(), self._resend_s)
            except TimeoutError:
                self._resend_s *= 2
                for datagram in self.last:
                    await self._connection.send(datagram)
            else:
                self._is_replied = True
                return received

    async def send(self, datagram: bytes) -> None:
        """Send one datagram of a flight. Raises ConnectionError."""
        if self._is_replied:
            self.last, self._is_replied, self._resend_s = [], False, self._first_s()
        if len(self.last) < FLIGHT_DATAGRAMS:
            self.last.append(datagram)
        await self._connection.send(datagram)

    def _first_s(self) -> float:
        rtt_s = self._connection.rtt_s
        if rtt_s is None:
            return RESEND_FIRST_S
        return min(RESEND_MOST_S, max(RESEND_LEAST_S, 2 * rtt_s))
