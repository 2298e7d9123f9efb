"""aiortc as it comes, offering."""

from __future__ import annotations

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from bench.peers.single import CHANNEL_ID, LABEL, PROTOCOL, Single
from p2claw.link.channel import ChannelUser


class VisitorPeer(Single):
    """A connection and its one channel in one."""

    def __init__(self) -> None:
        super().__init__()
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._channel = self._peer.createDataChannel(
            LABEL, protocol=PROTOCOL, negotiated=True, id=CHANNEL_ID
        )
        self._channel.on("open", self._opened.set)
        self._channel.on("message", self.heard)
        self._channel.on("bufferedamountlow", self.drained)

    async def offer(self) -> str:
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def channel(self, *, timeout_s: float) -> VisitorPeer:
        await self.until_open(timeout_s)
        return self

    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None:
        self._channel.bufferedAmountLowThreshold = low_water_bytes
        super().attach(user, low_water_bytes=low_water_bytes)

    @property
    def buffered_bytes(self) -> int:
        return int(self._channel.bufferedAmount)

    def send(self, message: bytes) -> None:
        self._channel.send(message)

    def close(self) -> None:
        self._channel.close()
