"""Sockets as aioice expects them: each is one local address of the port that all links share."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

from aioice import Connection, stun
from aioice.ice import StunProtocol

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.ice.allowance import Allowance
from p2claw.log import get_log

log = get_log("link")

# When a check without a response is repeated, beside the 0.5, 1.5 … s of RFC 8489 §6.2.1: browsers
# send one every 50 ms. Only while few are under way, so that a list of pairs is no flood.
SOON_S = (0.1, 0.25)
FEW = 8


class Receiver(Protocol):
    """The connection that a socket belongs to, as the socket sees it."""

    allowance: Allowance | None

    def datagram_received(self, data: bytes) -> None:
        """A record of DTLS has come."""

    def relayed_stun(self, data: bytes) -> bool:
        """Whether this STUN message, which came by a relay, needs nothing more."""


class PortTransport(asyncio.DatagramTransport):
    """Sends from one local address of a port; closing it leaves the port open."""

    def __init__(self, port: UdpPort, host: str, protocol: CheckSocket) -> None:
        super().__init__({"sockname": (host, port.number)})
        self._port = port
        self._host = host
        self._protocol = protocol
        self._closing = False

    def sendto(self, data: Any, addr: Any = None) -> None:
        allowance = self._protocol.owner.allowance
        if allowance is None:
            self._port.send_to(bytes(data), addr[0], addr[1], self._host)
            return
        sent = bytes(data)
        allowance.send(
            len(sent), addr, lambda: self._port.send_to(sent, addr[0], addr[1], self._host)
        )

    def send_near(self, data: bytes, addr: tuple[str, int], hops: int) -> None:
        """Send what so many routers pass on at most, over IPv4."""
        if ":" not in self._host:
            self._port.send_near(data, *addr, self._host, hops)

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self._closing


class CheckSocket(StunProtocol):
    """One local or relayed address. It remembers its open checks, so that it can repeat one at
    once.

    port: None if it is relayed, and aioice's TURN client is the transport.
    """

    def __init__(self, owner: Receiver, port: UdpPort | None = None) -> None:
        super().__init__(cast("Connection", owner))  # it is aioice's as well
        self.owner = owner
        self.port = port
        self._open: dict[tuple[str, int], stun.Message] = {}
        self.rtt_s: float | None = None  # the least that a check took that was sent once

    @classmethod
    def on_port(cls, owner: Receiver, port: UdpPort, host: str) -> CheckSocket:
        socket = cls(owner, port)
        socket.connection_made(PortTransport(port, host, socket))
        return socket

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """Sort by the first byte (RFC 7983): aioice would first try every packet as STUN.

        Anyone can send to this port, so nothing that came may raise: a STUN message with a
        cut attribute fills the log with stack traces.
        """
        assert isinstance(data, bytes)
        if not data:
            return
        if 20 <= data[0] <= 63:
            self.owner.datagram_received(data)
        elif data[0] <= 3:
            if self.port is None and self.owner.relayed_stun(data):
                return
            try:
                super().datagram_received(data, addr)
            except Exception as error:
                log.debug("stun message dropped", error=repr(error))

    async def request(
        self,
        request: stun.Message,
        addr: tuple[str, int],
        integrity_key: bytes | None = None,
        retransmissions: int | None = None,
    ) -> tuple[stun.Message, tuple[str, int]]:
        self._open[addr] = request
        if self.port is not None and self.port.place is not None:
            # Where several processes share the port, the response finds the right one by it.
            request.transaction_id = bytes((self.port.place,)) + request.transaction_id[1:]
        if self.port is not None:
            self.port.add_transaction(request.transaction_id, self)
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        again = [loop.call_later(after_s, self._repeat, addr, request) for after_s in SOON_S]
        try:
            response = await super().request(request, addr, integrity_key, retransmissions)
            took_s = loop.time() - begun_s
            if took_s < SOON_S[0]:
                # Nothing was repeated, so it is the response to what was sent then (Karn's rule).
                self.rtt_s = took_s if self.rtt_s is None else min(self.rtt_s, took_s)
            return response
        finally:
            for timer in again:
                timer.cancel()
            if self.port is not None:
                self.port.remove_transaction(request.transaction_id)
            if self._open.get(addr) is request:
                del self._open[addr]

    def _repeat(self, addr: tuple[str, int], request: stun.Message) -> None:
        if self._open.get(addr) is not request or len(self._open) > FEW:
            return
        allowance = self.owner.allowance
        if allowance is None or allowance.would_send(len(bytes(request)), addr):
            self.send_stun(request, addr)

    def send_near(self, data: bytes, addr: tuple[str, int], hops: int) -> None:
        """Send what so many routers pass on at most, if this is a local address of IPv4."""
        if isinstance(self.transport, PortTransport):
            self.transport.send_near(data, addr, hops)

    def check_again(self, addr: tuple[str, int]) -> None:
        """Repeat the check under way to `addr`: the same transaction, so either response counts."""
        request = self._open.get(addr)
        if request is not None:
            self.send_stun(request, addr)

    def stun_received(self, data: bytes, addr: tuple[str, int], local_host: str) -> None:
        """A response to one of our requests has come from the port."""
        self.datagram_received(data, addr)
