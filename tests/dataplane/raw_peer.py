"""A link's other side by hand: a plain socket, DTLS in memory, packets as one likes."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from dataclasses import dataclass, field

from p2claw.dataplane.carrier._engine import Consent, Link, UdpPort
from p2claw.dataplane.carrier._records import Records
from p2claw.dataplane.core._sctp import Association, Event
from tests.dataplane.packets import chunk, packet
from tests.support.dtls import dtls_pair, sent_by
from tests.support.sockets import DEADLINE_S

HOST = "127.0.0.1"


def consent() -> Consent:
    return Consent(
        local_ufrag="ours",
        local_password="our password, long enough",
        remote_ufrag="theirs",
        remote_password="their password, long enough",
        controlling=False,
        tie_breaker=1,
        priority=1,
    )


@dataclass
class Owner:
    """Records the events of a link's life."""

    early: list[bytes] = field(default_factory=list)
    last_flight: list[bytes] = field(default_factory=list)
    established: asyncio.Event = field(default_factory=asyncio.Event)
    lost: list[tuple[str, str]] = field(default_factory=list)

    def handshake_datagram(self, data: bytes) -> None:
        self.early.append(data)

    def flight_repeated(self) -> list[bytes]:
        return self.last_flight

    def link_established(self) -> None:
        self.established.set()

    def link_lost(self, code: str, reason: str) -> None:
        self.lost.append((code, reason))


class RawPeer:
    """Makes a link on the port, which from the beginning is past its handshake."""

    def __init__(self, port: UdpPort, *, starts: bool = True) -> None:
        client, server = dtls_pair()
        seed = os.urandom(44)
        self.tag, self.first_tsn = struct.unpack_from("!II", seed)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self.port = port
        self.owner = Owner()
        self.link = Link(port, self.owner, seed=seed, server=False)
        self.link.route(HOST, HOST, self.number)
        self.ours = Records(client)
        self.server, self.records = server, Records(server)
        self.association = Association(server=True, seed=os.urandom(44))
        self.association.open_channel(stream=0, negotiated=True)
        self.events: list[Event] = []
        if starts:
            self.link.start(self.ours, consent())

    @property
    def number(self) -> int:
        return int(self.socket.getsockname()[1])

    def send_raw(self, datagram: bytes) -> None:
        self.socket.sendto(datagram, (HOST, self.port.number))

    def send_packet(self, packet: bytes) -> None:
        self.send_raw(self.records.seal(packet))

    def send_together_with_abort(self) -> None:
        """What the association has to send, and ABORT, in one datagram."""
        now = time.monotonic()
        packets = [*self.association.to_send(now), packet(self.tag, chunk(6))]
        self.send_raw(b"".join(map(self.records.seal, packets)))

    def send_close_notify(self) -> None:
        self.server.shutdown()
        self.send_raw(sent_by(self.server))

    async def turn(self, *, timeout_s: float = 0.01) -> None:
        """Receive what the link sends within the time, and let the association reply."""
        try:
            async with asyncio.timeout(timeout_s):
                datagram = await asyncio.get_running_loop().sock_recv(self.socket, 65_536)
        except TimeoutError:
            datagram = b""
        now = time.monotonic()
        if datagram and datagram[0] >= 20:
            for packet in self.records.open(datagram):
                self.association.receive(packet, now)
        due = self.association.next_timeout()
        if due is not None and due <= now:
            self.association.handle_timeout(now)
        while event := self.association.next_event():
            self.events.append(event)
        for packet in self.association.to_send(now):
            self.send_packet(packet)

    def read_waiting(self, most: int) -> None:
        """Receive so many datagrams of what has come, and let the association reply to each."""
        for _ in range(most):
            try:
                datagram = self.socket.recv(65_536)
            except BlockingIOError:
                return
            if datagram[0] >= 20:
                for packet in self.records.open(datagram):
                    self.association.receive(packet, time.monotonic())
            while self.association.next_event():
                pass
            for packet in self.association.to_send(time.monotonic()):
                self.send_packet(packet)

    async def establish(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not self.owner.established.is_set():
                await self.turn()

    def close(self) -> None:
        self.link.shut()
        self.socket.close()
