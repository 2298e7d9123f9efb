"""The table of a session's open streams, and every way in which a stream ends.

`inbound.py` knows what arriving frames mean, `streams.py` what our side sends. Both use this table.
"""

from __future__ import annotations

from collections.abc import Iterator

from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.hello import Role
from p2claw.wire.session.closed import ClosedStreams
from p2claw.wire.session.events import StreamClosed, StreamReset, StreamWritable
from p2claw.wire.session.side import Side
from p2claw.wire.session.states import OVER, Half, Step
from p2claw.wire.session.stream import Stream


class StreamTable:
    """The open streams of one session, by their id.

    closed: what is still known of streams that are over. get: the open stream with an id, or None.
    open: all of them, not to be changed but here.
    """

    __slots__ = ("_side", "closed", "get", "open")

    def __init__(self, side: Side) -> None:
        self.closed = ClosedStreams(side.limits)
        self._side = side
        self.open: dict[int, Stream] = {}
        self.get = self.open.get

    def __len__(self) -> int:
        return len(self.open)

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self.open))

    @property
    def parts_bytes(self) -> int:
        """How many bytes are buffered of heads that are not complete yet."""
        return sum([len(stream.parts) for stream in self.open.values()])

    def add(self, id: int, method: str = "") -> Stream:
        """Open a stream. Its id must be higher than that of every stream before it."""
        self.closed.highest = id
        stream = self.open[id] = Stream(id, self._side.window, method)
        return stream

    def handed_out(self, id: int) -> None:
        """The scheduler has handed out our END of this stream."""
        stream = self.open.get(id)
        if stream is None:
            return
        if stream.ours is Half.ENDED:
            stream.ours = Half.GONE  # as the table of transitions has it, which faults all else
        else:
            stream.advance_ours(Step.HANDED_OUT)
        if stream.unwanted and stream.theirs is not Half.ENDED:
            self._side.send_reset(id, Code.NO_ERROR, "")
            self._cut_off(stream)
            self._drop(stream)
        elif stream.theirs in OVER:
            self._drop(stream)

    def writable(self, id: int) -> None:
        """The stream's queue has fallen to its low-water mark: there is room for more."""
        stream = self.open.get(id)
        if stream is not None and stream.shown:
            self._side.emit(StreamWritable(id))

    def settle(self, stream: Stream) -> None:
        """Close the stream if both sides have ended."""
        if stream.is_over:
            self._drop(stream)

    def refuse(self, id: int, *, more: bool) -> None:
        """Refuse a new stream. more: further parts of its head are still to come."""
        self.closed.highest = id
        self._side.counters.streams_refused += 1
        self._side.send_reset(id, Code.REFUSED, "too many streams, or going away")
        if more:
            self.closed.cut(id)

    def reset(self, id: int, code: Code, reason: str) -> None:
        """Our side ends the stream. Does nothing if it is over already.

        If a box resets with NO_ERROR while the END of its response is queued, the request is only
        dropped for now; the RESET is sent after that END.
        """
        stream = self.open.get(id)
        if stream is None:
            return
        if code is Code.NO_ERROR and self._side.role is Role.BOX and stream.ours is Half.ENDED:
            stream.unwanted = True
            return
        # If our REQUEST has not left yet, the other side does not know the stream: no RESET.
        if self._side.scheduler.started(id) or stream.theirs is not Half.AWAIT:
            self._side.send_reset(id, code, reason)
        self.closed.remember(id, code)
        self._cut_off(stream)
        self._drop(stream)

    def fault(self, stream: Stream, code: Code, reason: str) -> None:
        """The other side broke a rule that concerns this stream alone."""
        self._side.send_reset(stream.id, code, reason)
        self.lost(stream, code, reason)

    def lost(self, stream: Stream, code: Code, reason: str) -> None:
        """The other side has ended the stream, or reports that it never processed it."""
        self.closed.remember(stream.id, code)
        if stream.shown:
            self._side.emit(StreamReset(stream.id, code, reason))
        self._drop(stream)

    def clear(self) -> None:
        """Forget all streams: the session has failed."""
        for id in self.open:
            self._side.scheduler.close(id)
        self.open.clear()

    def _cut_off(self, stream: Stream) -> None:
        # Late parts of a RESPONSE are dropped like every late frame. A late part of a REQUEST would
        # look like a second request, so the closed stream has to be remembered as cut.
        if self._side.role is Role.BOX and stream.theirs is Half.HEAD:
            self.closed.cut(stream.id)

    def _drop(self, stream: Stream) -> None:
        self._side.scheduler.close(stream.id)
        del self.open[stream.id]
        stream.close()
        if stream.shown:
            self._side.emit(StreamClosed(stream.id))
