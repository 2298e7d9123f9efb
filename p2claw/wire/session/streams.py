"""The table of a session's open streams, and every way in which a stream ends.

`inbound` knows what arriving frames mean, `outbound` what is sent. Both keep their streams here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import Code, FrameType
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import Limits
from p2claw.wire.frames.payloads import reset_payload
from p2claw.wire.session.closed import ClosedStreams
from p2claw.wire.session.events import Event, StreamClosed, StreamReset, StreamWritable
from p2claw.wire.session.states import IN_HEAD, OVER, TRANSITIONS, UNWANTED, Half, Step
from p2claw.wire.session.window import ReceiveWindow

if TYPE_CHECKING:
    from p2claw._pyframe import Scheduler


class Stream:
    """One request and its response: the state of both directions."""

    __slots__ = ("bodiless", "id", "method", "ours", "parts", "shown", "theirs", "window")

    def __init__(self, id: int, window_bytes: int, method: str) -> None:
        self.id = id
        self.method = method  # "" at a box until the request's head is read
        self.theirs = Half.AWAIT
        self.ours = Half.AWAIT
        self.window = ReceiveWindow(window_bytes)
        self.parts = bytearray()  # of a head or of trailers whose last part is still to come
        self.bodiless = False  # the response has no DATA, docs/WIRE.md §4
        self.shown = False  # the session's user was told of this stream by an event

    def advance(self, step: Step) -> Half:
        """Apply a step of the other side; returns the state that it was in before.

        Raises SessionFault if the step is not allowed in that state.
        """
        was = self.theirs
        after = TRANSITIONS.get((was, step))
        if after is None:
            raise SessionFault(f"{step.name} on stream {self.id}, which is at {was.name}")
        self.theirs = after
        return was

    def give_up(self) -> None:
        """From now on, drop whatever the other side still sends."""
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
        """How many bytes are buffered of heads that are not complete yet."""
        return sum([len(stream.parts) for stream in self._open.values()])

    def get(self, id: int) -> Stream | None:
        """The open stream with this id, or None."""
        return self._open.get(id)

    def add(self, id: int, window_bytes: int, method: str = "") -> Stream:
        """Open a stream. Its id must be higher than that of every stream before it."""
        self.closed.highest = id
        stream = self._open[id] = Stream(id, window_bytes, method)
        return stream

    def handed_out(self, id: int) -> None:
        """The scheduler has handed out our END of this stream."""
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
        """The stream's queue has fallen to its low-water mark: there is room for more."""
        stream = self._open.get(id)
        if stream is not None and stream.shown:
            self._emit(StreamWritable(id))

    def settle(self, stream: Stream) -> None:
        """Close the stream if both sides have ended."""
        if stream.theirs in OVER and stream.ours is Half.GONE:
            self._drop(stream)

    def refuse(self, id: int, *, more: bool) -> None:
        """Refuse a new stream. more: further parts of its head are still to come."""
        self.closed.highest = id
        self._send_reset(id, Code.REFUSED, "too many streams, or going away")
        if more:
            self.closed.cut(id)

    def reset(self, id: int, code: Code, reason: str) -> None:
        """Our side ends the stream. Does nothing if it is over already.

        If a box says NO_ERROR while the END of its response is still queued, the request is only
        dropped for now; the RESET is sent after that END.
        """
        stream = self._open.get(id)
        if stream is None:
            return
        if code is Code.NO_ERROR and self._role is Role.BOX and stream.ours is Half.ENDED:
            stream.give_up()
            return
        # If our REQUEST has not left yet, the other side does not know the stream: no RESET.
        if self._scheduler.started(id) or stream.theirs is not Half.AWAIT:
            self._send_reset(id, code, reason)
        self.closed.remember(id, code)
        self._cut_off(stream)
        self._drop(stream)

    def fault(self, stream: Stream, code: Code, reason: str) -> None:
        """The other side broke a rule that concerns this stream alone."""
        self._send_reset(stream.id, code, reason)
        self.lost(stream, code, reason)

    def lost(self, stream: Stream, code: Code, reason: str) -> None:
        """The other side has ended the stream, or says that it never processed it."""
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
        # Late parts of a RESPONSE are dropped like every late frame. Late parts of a REQUEST would
        # be taken for a second request, so the closed stream has to be remembered as cut.
        if self._role is Role.BOX and stream.theirs in IN_HEAD:
            self.closed.cut(stream.id)

    def _drop(self, stream: Stream) -> None:
        self._scheduler.close(stream.id)
        del self._open[stream.id]
        if stream.shown:
            self._emit(StreamClosed(stream.id))
