"""A TCP connection of the kernel under CUBIC, with the outside of a peer. It knows no messages."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, cast

from bench.peers.association import own_address
from bench.peers.single import Single
from p2claw.link.channel import ChannelUser

CONTROL = "cubic"
# struct tcp_info of linux/tcp.h: 8 bytes of flags, then numbers of 4 bytes.
_INFO = struct.Struct("8x24I")
_RTT_US, _WINDOW_PACKETS, _RETRANSMITS = 15, 18, 23


class _Peer(Single, asyncio.Protocol):
    """A connection, once there is one."""

    def __init__(self) -> None:
        super().__init__()
        self._transport: asyncio.Transport | None = None

    async def channel(self, *, timeout_s: float) -> _Peer:
        await self.until_open(timeout_s)
        return self

    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None:
        assert self._transport is not None
        # Whoever is above the low water mark is notified once it is not, however little above.
        self._transport.set_write_buffer_limits(high=low_water_bytes, low=low_water_bytes)
        super().attach(user, low_water_bytes=low_water_bytes)

    @property
    def buffered_bytes(self) -> int:
        assert self._transport is not None
        return self._transport.get_write_buffer_size()

    def send(self, message: bytes) -> None:
        assert self._transport is not None
        self._transport.write(message)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._opened.set()

    def data_received(self, data: bytes) -> None:
        self.received(data)

    def resume_writing(self) -> None:
        self.drained()


class VisitorPeer(_Peer):
    """The side that connects, and sends."""

    def __init__(self) -> None:
        super().__init__()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, CONTROL.encode())

    async def offer(self) -> str:
        return ""

    async def accept(self, answer: str) -> None:
        host, port = answer.split()
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._socket, (host, int(port)))
        await loop.create_connection(lambda: self, sock=self._socket)

    def stats(self) -> dict[str, Any]:
        """What the kernel says; controller: what is in use, not what was asked for."""
        used = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
        info = _INFO.unpack(
            self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
        )
        return {
            "controller": used.rstrip(b"\0").decode(),
            "rtt_ms": info[_RTT_US] / 1000,
            "cwnd_packets": info[_WINDOW_PACKETS],
            "retransmits": info[_RETRANSMITS],
        }


class BoxPeer(_Peer):
    """The side that listens, and receives."""

    async def answer(self, offer: str) -> str:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: self, own_address(), 0)
        host, port = server.sockets[0].getsockname()
        return f"{host} {port}"
