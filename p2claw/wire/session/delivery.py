"""Delivery of a session's messages, each once and in order, though its link is replaced by another.

Messages that were sent are kept until the other side has acknowledged them; those that came are
counted. The message that acknowledges is in docs/WIRE.md §15; opening the other link is not here.
"""

from __future__ import annotations

from dataclasses import dataclass

from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import FrameType
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.payloads import received_payload

ACK_BYTES = 262_144  # received and not yet acknowledged: a RECEIVED goes at once
ACK_AFTER_S = 0.2  # after the first message that is not acknowledged, at the latest
KEPT_BYTES = 4_194_304  # sent and not yet acknowledged: nothing more is sent
MESSAGE_COST_BYTES = 48  # of each beside its own: a bytes object, 33, and its place in the list, 8


@dataclass(frozen=True, slots=True)
class Resumption:
    """The part of a visitor's HELLO about the session that its new link is to carry on.

    token: the box's name for it. received: how many of its messages have come.
    """

    token: bytes
    received: int


class Delivery:
    """Counts and keeps the messages of both directions. RECEIVED itself is not counted.

    received: how many have come. sent: how many were handed out to be sent, each once. quiet: no
    RECEIVED before `resume_sending`, because the other side may read it as one of another session.
    """

    __slots__ = (
        "_ack_at",
        "_codec",
        "_first",
        "_is_on",
        "_is_quiet",
        "_kept",
        "_kept_bytes",
        "_next",
        "_unacknowledged_bytes",
        "received",
        "sent",
    )

    def __init__(self, codec: Codec, *, quiet: bool) -> None:
        self._codec = codec
        self._is_quiet = quiet
        self._is_on = True
        # A list, because most sessions keep nothing most of the time.
        self._kept: list[bytes] = []
        self._first = 0  # of those in the list: the ones before it are acknowledged
        self._kept_bytes = 0
        self._next = 0  # which of those kept is to be sent next on this link
        self._unacknowledged_bytes = 0
        self._ack_at: float | None = None
        self.received = 0
        self.sent = 0

    @property
    def is_full(self) -> bool:
        """Whether to wait for a RECEIVED before more is sent."""
        return self._kept_bytes >= KEPT_BYTES

    @property
    def is_open(self) -> bool:
        """Whether a new message may be sent: nothing is to be repeated, and it is not full."""
        return self._next == len(self._kept) and self._kept_bytes < KEPT_BYTES

    @property
    def is_quiet(self) -> bool:
        """Whether it is not known yet if this is a session of its own."""
        return self._is_quiet

    @property
    def deadline(self) -> float | None:
        """When a RECEIVED is due; None: there is nothing to acknowledge."""
        return None if self._is_quiet else self._ack_at

    def resume_sending(self) -> None:
        """This is a session of its own: acknowledge what comes."""
        self._is_quiet = False

    def stop(self) -> None:
        """The other side does not have `resume`: nothing is kept, nothing is acknowledged."""
        self._is_on = False
        self._kept.clear()
        self._kept_bytes = self._first = self._next = 0
        self._ack_at = None

    def count_received(self, size: int, now: float) -> None:
        """A message of so many bytes has come."""
        self.received += 1
        if not self._is_on:
            return
        self._unacknowledged_bytes += size
        if self._ack_at is None:
            self._ack_at = now + ACK_AFTER_S

    def keep_sent(self, message: bytes) -> None:
        """A new message is on its way."""
        self.sent += 1
        if self._is_on:
            self._kept.append(message)
            self._kept_bytes += _cost(message)
            self._next += 1

    def again(self) -> bytes | None:
        """The next message that has to be sent once more on this link; None: there is none."""
        if self._next == len(self._kept):
            return None
        self._next += 1
        return self._kept[self._next - 1]

    def ack(self, now: float) -> bytes | None:
        """The message that acknowledges what has come, if it is time for it."""
        if self._ack_at is None or self._is_quiet:
            return None
        if now < self._ack_at and self._unacknowledged_bytes < ACK_BYTES:
            return None
        self._ack_at = None
        self._unacknowledged_bytes = 0
        return self._codec.encode_frame(FrameType.RECEIVED, 0, 0, received_payload(self.received))

    def acknowledged(self, count: int) -> None:
        """The other side has received this many messages. Raises SessionFault if it cannot have."""
        if not self._is_on:
            return
        first = self.sent - (len(self._kept) - self._first)  # of those before it, none is kept
        end = self._first + count - first
        if not self._first <= end <= self._next:
            raise SessionFault(f"{count} messages acknowledged, of {self.sent}")
        for at in range(self._first, end):
            self._kept_bytes -= _cost(self._kept[at])
            self._kept[at] = b""
        self._first = end
        # To move the rest up for every RECEIVED would cost the more, the more is kept.
        if 2 * end >= len(self._kept):
            del self._kept[:end]
            self._next -= end
            self._first = 0

    def resume(self, count: int, now: float) -> None:
        """The link is another one, and the other side has received so many. Raises SessionFault."""
        self._next = len(self._kept)
        self.acknowledged(count)
        self._next = self._first
        self._unacknowledged_bytes = 0
        # The count of what we have received was sent when the link was opened.
        self._ack_at = None


def _cost(message: bytes) -> int:
    return len(message) + MESSAGE_COST_BYTES
