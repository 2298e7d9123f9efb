"""The streams that are open on a session, and every way in which one ends.

What their frames mean is `inbound`'s, what we send on them `outbound`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from p2claw.wire.closed import ClosedStreams
from p2claw.wire.codec import Codec
from p2claw.wire.codes import Code, FrameType
from p2claw.wire.events import Event, StreamClosed, StreamReset, StreamWritable
from p2claw.wire.faults import SessionFault
from p2claw.wire.halves import IN_HEAD, OVER, TRANSITIONS, UNWANTED, Half, Step
from p2claw.wire.hello import Role
from p2claw.wire.limits import Limits
from p2claw.wire.payloads import reset_payload
from p2claw.wire.window import ReceiveWindow

if TYPE_CHECKING:
    from p2claw._pyframe import Scheduler


class Stream:
    """One request and its response."""

    __slots__ = ("bodiless", "id", "method", "ours", "parts", "shown", "theirs", "window")

    def __init__(self, id: int, window_bytes: int, method: str) -> None:
        self.id = id
        self.method = method  # "" at a box until the head is read
        self.theirs = Half.AWAIT
        self.ours = Half.AWAIT
        self.window = ReceiveWindow(window_bytes)
        self.parts = bytearray()  # of a head or of trailers, until the last one comes
        self.bodiless = False  # the response has no DATA, docs/WIRE.md §4
        self.shown = False  # the one who drives the session knows of it

    def advance(self, step: Step) -> Half:
        """Take a step of the other side; the state before it.

        Raises SessionFault where it may not come now.
        """
        was = self.theirs
        after = TRANSITIONS.get((was, step))
        if after is None:
            raise SessionFault(f"{step.name} on stream {self.id}, which is at {was.name}")
        self.theirs = after
        return was

    def give_up(self) -> None:
        """Drop what still comes from the other side."""
        self.theirs = TRANSITIONS[self.theirs, Step.GIVE_UP]


class Streams:
    """The table of open streams."""

    __slots__ = ("_codec", "_emit", "_open", "_role", "_scheduler", "closed")

    def __init__(
        self,
        role: Role,
        codec: Codec,
        scheduler: Scheduler,
        limits: Limits,
        emit: Callable[[Event], None],
    ) -> None:
        self.closed = ClosedStreams(limits)
        self._role = role
        self._codec = codec
        self._scheduler = scheduler
        self._emit = emit
        self._open: dict[int, Stream] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._open))

    @property
    def parts_bytes(self) -> int:
        """Of heads whose last part is still to come."""
        return sum([len(stream.parts) for stream in self._open.values()])

    def get(self, id: int) -> Stream | None:
        """The stream of an id, where it is open."""
        return self._open.get(id)

    def add(self, id: int, window_bytes: int, method: str = "") -> Stream:
        """Open a stream, above all before it."""
        self.closed.highest = id
        stream = self._open[id] = Stream(id, window_bytes, method)
        return stream

    def handed_out(self, id: int) -> None:
        """Our END on a stream has left."""
        stream = self._open.get(id)
        if stream is None:
            return
        stream.ours = TRANSITIONS[stream.ours, Step.HANDED_OUT]
        if stream.theirs in UNWANTED:
            self._send_reset(id, Code.NO_ERROR, "")
            self._cut_off(stream)
            self._drop(stream)
        else:
            self.settle(stream)

    def writable(self, id: int) -> None:
        """What a stream had queued has fallen to low water."""
        stream = self._open.get(id)
        if stream is not None and stream.shown:
            self._emit(StreamWritable(id))

    def settle(self, stream: Stream) -> None:
        """Close a stream on which both sides have ended."""
        if stream.theirs in OVER and stream.ours is Half.GONE:
            self._drop(stream)

    def refuse(self, id: int, *, more: bool) -> None:
        """Turn away a new stream. more: parts of its head are still to come."""
        self.closed.highest = id
        self._send_reset(id, Code.REFUSED, "too many streams, or going away")
        if more:
            self.closed.cut(id)

    def reset(self, id: int, code: Code, reason: str) -> None:
        """Our side ends a stream; nothing where it is over.

        NO_ERROR of a box, while the end of its answer still waits, only drops what comes: the RESET
        follows the END.
        """
        stream = self._open.get(id)
        if stream is None:
            return
        if code is Code.NO_ERROR and self._role is Role.BOX and stream.ours is Half.ENDED:
            stream.give_up()
            return
        # Of a REQUEST that has not left, the other side knows nothing.
        if self._scheduler.started(id) or stream.theirs is not Half.AWAIT:
            self._send_reset(id, code, reason)
        self.closed.remember(id, code)
        self._cut_off(stream)
        self._drop(stream)

    def fault(self, stream: Stream, code: Code, reason: str) -> None:
        """The other side broke a rule of one stream."""
        self._send_reset(stream.id, code, reason)
        self.lost(stream, code, reason)

    def lost(self, stream: Stream, code: Code, reason: str) -> None:
        """The other side has ended a stream, or never processed it."""
        self.closed.remember(stream.id, code)
        if stream.shown:
            self._emit(StreamReset(stream.id, code, reason))
        self._drop(stream)

    def clear(self) -> None:
        """Forget all streams: the session has failed."""
        for id in self._open:
            self._scheduler.close(id)
        self._open.clear()

    def _send_reset(self, id: int, code: Code, reason: str) -> None:
        payload = reset_payload(code, reason)
        self._scheduler.control(self._codec.encode_frame(FrameType.RESET, 0, id, payload))

    def _cut_off(self, stream: Stream) -> None:
        # Late parts of a RESPONSE are dropped like all that is late; those of a REQUEST would look
        # like a second one.
        if self._role is Role.BOX and stream.theirs in IN_HEAD:
            self.closed.cut(stream.id)

    def _drop(self, stream: Stream) -> None:
        self._scheduler.close(stream.id)
        del self._open[stream.id]
        if stream.shown:
            self._emit(StreamClosed(stream.id))
