"""Delivery of a session's messages, each once and in order, though its link is replaced by another.

Messages that were sent are kept until the other side has acknowledged them; those that came are
counted. The message that acknowledges is in docs/WIRE.md §15; opening the other link is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import FrameType
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.payloads import received_payload

if TYPE_CHECKING:
    from p2claw._pyframe import Scheduler

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
    """Counts the messages that come, and acknowledges them; RECEIVED itself is not counted.

    received: how many have come. outbox: those that are sent, and kept until they are acknowledged.
    deadline: when a RECEIVED is due; None: there is nothing to acknowledge.
    is_quiet: it is not known yet whether this is a session of its own.
    quiet: no RECEIVED before `resume_sending`, because the other side may read it as one of another
    session.
    """

    __slots__ = (
        "_codec",
        "_is_on",
        "_since",
        "_unacknowledged_bytes",
        "deadline",
        "is_quiet",
        "outbox",
        "received",
    )

    def __init__(self, codec: Codec, scheduler: Scheduler, *, quiet: bool) -> None:
        self._codec = codec
        self.is_quiet = quiet
        self._is_on = True
        self._unacknowledged_bytes = 0
        self._since: float | None = None  # what came is not acknowledged
        self.deadline: float | None = None
        self.outbox = codec.outbox(scheduler, KEPT_BYTES, MESSAGE_COST_BYTES)
        self.received = 0

    def resume_sending(self) -> None:
        """This is a session of its own: acknowledge what comes."""
        self.is_quiet = False
        self._acknowledge_from(self._since)

    def stop(self) -> None:
        """The other side does not have `resume`: nothing is kept, nothing is acknowledged."""
        self._is_on = False
        self.outbox.keep_none()
        self._acknowledge_from(None)

    def count_received(self, size: int, now: float) -> None:
        """A message of so many bytes has come."""
        self.received += 1
        if not self._is_on:
            return
        self._unacknowledged_bytes += size
        if self._since is None:
            self._acknowledge_from(now)

    def is_due(self, now: float) -> bool:
        """Whether it is time to acknowledge what has come."""
        deadline = self.deadline
        return deadline is not None and (now >= deadline or self._unacknowledged_bytes >= ACK_BYTES)

    def ack(self, now: float) -> bytes | None:
        """The message that acknowledges what has come, if it is time for it."""
        if not self.is_due(now):
            return None
        self._acknowledge_from(None)
        self._unacknowledged_bytes = 0
        return self._codec.encode_frame(FrameType.RECEIVED, 0, 0, received_payload(self.received))

    def acknowledged(self, count: int) -> None:
        """The other side has received this many messages. Raises SessionFault if it cannot have."""
        if not self.outbox.acknowledged(count):
            raise self._impossible(count)

    def resume(self, count: int) -> None:
        """The link is another one, and the other side has received so many. Raises SessionFault."""
        if not self.outbox.repeat(count):
            raise self._impossible(count)
        self._unacknowledged_bytes = 0
        # The count of what we have received was sent when the link was opened.
        self._acknowledge_from(None)

    def _acknowledge_from(self, since: float | None) -> None:
        self._since = since
        self.deadline = None if since is None or self.is_quiet else since + ACK_AFTER_S

    def _impossible(self, count: int) -> SessionFault:
        return SessionFault(f"{count} messages acknowledged, of {self.outbox.sent}")
