"""Counts credit on the wire, from the bytes alone: an account that the sessions do not keep."""

from __future__ import annotations

from collections import defaultdict

import msgpack

from p2claw._pyframe import decode_message
from p2claw.wire.frames.codes import FrameType


class CreditMeter:
    """One direction of body bytes, and the grants that come back for them."""

    def __init__(self) -> None:
        self._window = 65_536
        self._granted: dict[int, int] = defaultdict(int)
        self._spent: dict[int, int] = defaultdict(int)
        self.most_outstanding = 0

    def sender_reads(self, message: bytes) -> None:
        """The sender of the body reads a message of the other side: its HELLO or its grants."""
        for type, _, stream, payload in decode_message(message):
            if type == FrameType.HELLO:
                self._window = msgpack.unpackb(payload).get("window", 65_536)
            elif type == FrameType.WINDOW:
                self._granted[stream] += int.from_bytes(payload, "big")

    def sender_sends(self, message: bytes) -> None:
        """The sender of the body sends a message: it must not spend more than it has."""
        for type, _, stream, payload in decode_message(message):
            if type == FrameType.DATA:
                self._spent[stream] += len(payload)
                outstanding = self._spent[stream] - self._granted[stream]
                assert outstanding <= self._window, f"stream {stream} overdrew its credit"
                self.most_outstanding = max(self.most_outstanding, outstanding)
