"""Chromium's own stack, as the package wrtc carries it. Its descriptions name all candidates."""

from __future__ import annotations

import asyncio

import webrtc

from bench.peers.single import CHANNEL_ID, LABEL, PROTOCOL, Single
from p2claw.link.channel import ChannelUser

GATHER_TIMEOUT_S = 10


class _Peer(Single):
    """A connection and its one channel in one."""

    def __init__(self) -> None:
        super().__init__()
        self._peer = webrtc.RTCPeerConnection(webrtc.RTCConfiguration(ice_servers=[]))
        self._channel = self._peer.create_data_channel(
            LABEL, webrtc.RTCDataChannelInit(protocol=PROTOCOL, negotiated=True, id=CHANNEL_ID)
        )
        self._gathered = asyncio.Event()
        self._channel.on("open", lambda _: self._opened.set())
        self._channel.on("message", self._on_message)
        self._channel.on("bufferedamountlow", lambda _: self.drained())
        self._channel.on("close", lambda _: self.closed())
        self._peer.on("icecandidate", self._on_candidate)

    def _on_message(self, event: webrtc.MessageEvent) -> None:
        self.received(event.data if isinstance(event.data, bytes) else b"")

    def _on_candidate(self, event: webrtc.RTCPeerConnectionIceEvent) -> None:
        if event.candidate is None:
            self._gathered.set()

    async def channel(self, *, timeout_s: float) -> _Peer:
        await self.until_open(timeout_s)
        return self

    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None:
        self._channel.buffered_amount_low_threshold = low_water_bytes
        super().attach(user, low_water_bytes=low_water_bytes)

    @property
    def buffered_bytes(self) -> int:
        return self._channel.buffered_amount

    def send(self, message: bytes) -> None:
        self._channel.send(message)

    def close(self) -> None:
        self._channel.close()

    async def _described(self) -> str:
        await self._peer.set_local_description()
        await asyncio.wait_for(self._gathered.wait(), GATHER_TIMEOUT_S)
        description = self._peer.local_description
        assert description is not None
        return description.sdp

    async def _apply(self, kind: webrtc.RTCSdpType, sdp: str) -> None:
        await self._peer.set_remote_description(webrtc.RTCSessionDescriptionInit(kind, sdp))


class VisitorPeer(_Peer):
    """The side that offers."""

    async def offer(self) -> str:
        return await self._described()

    async def accept(self, answer: str) -> None:
        await self._apply(webrtc.RTCSdpType.answer, answer)


class BoxPeer(_Peer):
    """The side that answers."""

    async def answer(self, offer: str) -> str:
        await self._apply(webrtc.RTCSdpType.offer, offer)
        return await self._described()
