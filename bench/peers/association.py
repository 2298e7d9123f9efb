"""Our SCTP association alone, over UDP, on both sides: its controllers without DTLS and ICE.

Each packet carries as many bytes more as a DTLS record would add, so that it fills the line alike.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import time
from typing import Any, Literal

from bench.peers.single import CHANNEL_ID, Single
from bench.peers.timer import Timer
from p2claw.dataplane.core._sctp import (
    Association,
    AssociationClosed,
    Established,
    MessageReceived,
)
from p2claw.link.ice.host_addresses import host_addresses

RECORD = bytes(37)  # DTLS 1.2 with AES-GCM: header 13, nonce 8, tag 16
PPID_BINARY = 53
UDP_SEGMENT = 103  # linux/udp.h
SOCKET_BYTES = 4_000_000
READ_BATCH = 64


class _Peer(Single):
    """A socket, an association and its one channel in one."""

    def __init__(self, *, server: bool, controller: Literal["bbr", "cubic"] = "bbr") -> None:
        super().__init__()
        self._association = Association(
            server=server,
            seed=os.urandom(44),
            controller=controller,
            receive_buffer_bytes=32_000_000,
        )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BYTES)
        self._peer: tuple[str, int] | None = None
        self._timer = Timer(self._on_time)
        self._is_above_low_water = False

    async def channel(self, *, timeout_s: float) -> _Peer:
        await self.until_open(timeout_s)
        return self

    @property
    def buffered_bytes(self) -> int:
        return self._association.stats()["waiting_bytes"]

    def send(self, message: bytes) -> None:
        self._association.send(CHANNEL_ID, PPID_BINARY, message)
        self._timer.set(0)  # once the caller has sent all that it has

    def close(self) -> None:
        self._association.shutdown(time.monotonic())
        self._turn()

    def stats(self) -> dict[str, Any]:
        """What the association counts."""
        return dict(self._association.stats())

    def _start(self) -> None:
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._on_readable)

    def _on_time(self) -> None:
        self._association.handle_timeout(time.monotonic())
        self._turn()

    def _on_readable(self) -> None:
        for _ in range(READ_BATCH):
            try:
                packet, self._peer = self._socket.recvfrom(2048)
            except BlockingIOError:
                break
            self._association.receive(memoryview(packet)[len(RECORD) :], time.monotonic())
        self._turn()

    def _turn(self) -> None:
        """Events out, packets out, timer set: after every input."""
        association = self._association
        while event := association.next_event():
            if isinstance(event, MessageReceived):
                self.received(event.data)
            elif isinstance(event, Established):
                self._opened.set()
            elif isinstance(event, AssociationClosed):
                raise RuntimeError(f"the association ended: {event.code} {event.reason}")
        while packets := association.to_send(time.monotonic()):
            self._transmit(packets)
            timeout = association.next_timeout()
            if timeout is None or timeout > time.monotonic():
                break
        self._timer.set(association.next_timeout())
        self._tell_when_drained()

    def _tell_when_drained(self) -> None:
        is_above = self.buffered_bytes > self._low_water_bytes
        if self._is_above_low_water and not is_above:
            self.drained()
        self._is_above_low_water = self.buffered_bytes > self._low_water_bytes

    def _transmit(self, packets: list[bytes]) -> None:
        """Runs of one size, with a shorter one at their end, are one segmented send each."""
        first = 0
        for end in range(1, len(packets) + 1):
            size = len(packets[first])
            if end < len(packets) and len(packets[end - 1]) == size >= len(packets[end]):
                continue
            segment = struct.pack("H", size + len(RECORD))
            with contextlib.suppress(BlockingIOError):  # as if the first hop had dropped them
                self._socket.sendmsg(
                    [part for packet in packets[first:end] for part in (RECORD, packet)],
                    [(socket.IPPROTO_UDP, UDP_SEGMENT, segment)],
                    0,
                    self._peer,
                )
            first = end


class BbrPeer(_Peer):
    """The side that offers, and sends."""

    def __init__(self, controller: Literal["bbr", "cubic"] = "bbr") -> None:
        super().__init__(server=False, controller=controller)

    async def offer(self) -> str:
        return ""

    async def accept(self, answer: str) -> None:
        host, port = answer.split()
        self._peer = (host, int(port))
        self._start()
        self._association.connect(time.monotonic())
        self._turn()


class CubicPeer(BbrPeer):
    """The same under the other controller."""

    def __init__(self) -> None:
        super().__init__("cubic")


class BoxPeer(_Peer):
    """The side that answers, and receives."""

    def __init__(self) -> None:
        super().__init__(server=True)

    async def answer(self, offer: str) -> str:
        self._socket.bind((own_address(), 0))
        self._start()
        host, port = self._socket.getsockname()
        return f"{host} {port}"


def own_address() -> str:
    """Where the other side finds this process: the address of the device of its namespace."""
    return host_addresses()[0].host
