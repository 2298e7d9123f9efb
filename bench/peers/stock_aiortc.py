"""aiortc as it comes: what our links are measured against, bare or under our session.

`BoxPeer` and `VisitorPeer` have the outside of ours and are an RTCPeerConnection inside. `use` puts
them in place of ours in this process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from functools import partial

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from bench.peers.single import CHANNEL_ID, LABEL, PROTOCOL, Single
from p2claw.link.channel import Channel, ChannelUser
from p2claw.link.peer import CLOSE_TIMEOUT_S, Path, PeerStats
from p2claw.wire.signalling import IceServer


def use() -> None:
    """From now on, every link of an agent or a visitor in this process is a stock one."""
    from p2claw.agent.visitors import box_link
    from p2claw.visitor import signalling, visitor
    from p2claw.wire.frames.hello import EXTENSIONS, WIDE
    from p2claw.wire.session.session import Session

    # Its SCTP asks for no repetition, and fills queues with what it is given (docs/WIRE.md §18).
    spoken = tuple(name for name in EXTENSIONS if name != WIDE)
    box_link.Session = visitor.Session = partial(Session, extensions=spoken)  # type: ignore[attr-defined,assignment]
    box_link.BoxPeer = BoxPeer  # type: ignore[attr-defined,assignment]
    signalling.VisitorPeer = VisitorPeer  # type: ignore[attr-defined,assignment]


class StockChannel(Single):
    """An RTCDataChannel as the pump's `Channel`."""

    def __init__(self, channel: RTCDataChannel) -> None:
        super().__init__()
        self._channel = channel
        channel.on("open", self._opened.set)
        channel.on("message", lambda m: self.received(m if isinstance(m, bytes) else b""))
        channel.on("bufferedamountlow", self.drained)
        channel.on("close", self.closed)

    @property
    def is_open(self) -> bool:
        return self._opened.is_set()

    @property
    def was_closed(self) -> bool:
        """Of this stack it is not known, and no session here goes on over another link."""
        return True

    @property
    def buffered_bytes(self) -> int:
        return int(self._channel.bufferedAmount)

    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None:
        self._channel.bufferedAmountLowThreshold = low_water_bytes
        super().attach(user, low_water_bytes=low_water_bytes)

    def send(self, message: bytes) -> None:
        if self._channel.readyState == "open":
            self._channel.send(message)

    def close(self) -> None:
        self._channel.close()


class StockPeer:
    """What both sides share. aiortc gathers before it describes itself, so nothing trickles.

    ice_servers: not asked; both ends are on this machine. port, certificate, credentials: not used;
    aiortc has its own. public, is_hurried: not used; there is one path.
    """

    def __init__(
        self,
        *,
        ice_servers: Iterable[IceServer] = (),
        on_candidate: Callable[[str, str], None] = lambda candidate, mid: None,
        port: object = None,
        certificate: object = None,
        public: object = (),
        credentials: object = None,
        is_hurried: bool = False,
    ) -> None:
        self.on_candidate = on_candidate
        self.on_path: Callable[[], None] = lambda: None
        self.on_check_dropped: Callable[[], None] = lambda: None
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        # A box signs it before there is an answer to read it from.
        (own,) = self._peer._RTCPeerConnection__certificates  # type: ignore[attr-defined]
        value = next(f.value for f in own.getFingerprints() if f.algorithm == "sha-256")
        self.fingerprint = bytes.fromhex(value.replace(":", ""))
        self._channel = StockChannel(
            self._peer.createDataChannel(LABEL, protocol=PROTOCOL, negotiated=True, id=CHANNEL_ID)
        )

    def add_candidate(self, candidate: str, mid: str = "0") -> None:
        """Nothing: hosts are in the descriptions, and no others are needed on one machine."""

    async def channel(self, *, timeout_s: float) -> Channel:
        """The channel, once it is open. Raises LinkError `link-timeout`."""
        await self._channel.until_open(timeout_s)
        return self._channel

    def belongs_to(self, whom: object) -> None:
        """Nothing: nobody asks aiortc which links move messages."""

    def path(self) -> Path:
        return "direct" if self._channel.is_open else "unknown"

    @property
    def far(self) -> str:
        """Where the other side is: not asked of this stack, whose sessions have one link."""
        return ""

    def check_path(self) -> None:
        """As `far`."""

    def stats(self) -> PeerStats:
        return PeerStats(rtt_s=None, path=self.path(), plane=None, udp=None)

    async def close(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._peer.close()

    async def _describe(self, description: RTCSessionDescription) -> str:
        await self._peer.setLocalDescription(description)
        return str(self._peer.localDescription.sdp)


class BoxPeer(StockPeer):
    """The side that answers one visitor."""

    async def answer(self, offer_sdp: str) -> str:
        await self._peer.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
        return await self._describe(await self._peer.createAnswer())


class VisitorPeer(StockPeer):
    """The side that offers."""

    async def offer(self) -> str:
        return await self._describe(await self._peer.createOffer())

    async def accept(self, answer_sdp: str) -> None:
        await self._peer.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))
