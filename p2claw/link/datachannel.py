"""An aiortc data channel as the pump's `Channel`."""

from __future__ import annotations

from collections import deque

from aiortc import RTCDataChannel, RTCDataChannelParameters

from p2claw.link.association import CHANNEL_ID, Association
from p2claw.link.channel import ChannelUser

LABEL = "p2claw"
PROTOCOL = "p2claw/1"

# What may come between the opening of the channel and `attach`. A peer sends HELLO and its first
# requests; more than a megabyte without an answer is nobody's first word.
EARLY_MESSAGES = 64


class DataChannel:
    """The channel of docs/WIRE.md §1: negotiated, id 0, ordered and reliable."""

    def __init__(self, association: Association) -> None:
        self._user: ChannelUser | None = None
        self._early: deque[bytes] = deque()
        self._closed = False
        association.on_message = self._on_message
        self._channel = RTCDataChannel(
            association,
            RTCDataChannelParameters(
                label=LABEL, protocol=PROTOCOL, negotiated=True, id=CHANNEL_ID, ordered=True
            ),
        )
        self._channel.on("bufferedamountlow", self._on_low)
        self._channel.on("close", self._on_close)

    @property
    def stock(self) -> RTCDataChannel:
        """aiortc's own, for its `open` event and for measurements."""
        return self._channel

    @property
    def buffered_bytes(self) -> int:
        return int(self._channel.bufferedAmount)

    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None:
        self._channel.bufferedAmountLowThreshold = low_water_bytes
        self._user = user
        while self._early:
            user.message_received(self._early.popleft())
        if self._closed:
            user.channel_closed()

    def send(self, message: bytes) -> None:
        if self._channel.readyState == "open":
            self._channel.send(message)

    def close(self) -> None:
        self._channel.close()

    def _on_message(self, message: bytes) -> None:
        if self._user is not None:
            self._user.message_received(message)
        elif len(self._early) < EARLY_MESSAGES:
            self._early.append(message)
        else:
            self.close()

    def _on_low(self) -> None:
        if self._user is not None:
            self._user.channel_drained()

    def _on_close(self) -> None:
        self._closed = True
        if self._user is not None:
            self._user.channel_closed()
