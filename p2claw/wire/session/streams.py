"""The streams of a session, for its user: opens them, sends on them, ends them.

What the other side sends on them becomes events, in `inbound.py`. Which streams are open, and every
way in which one ends, is in `stream_table.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from p2claw.errors import LocalProtocolError, StreamResetError
from p2claw.wire.frames.codes import Code, FrameType
from p2claw.wire.frames.heads import (
    Fields,
    RequestHead,
    ResponseHead,
    encode_request,
    encode_response,
    encode_trailers,
    has_no_body,
)
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import FIRST_STREAMS, FIRST_WINDOW_BYTES, STREAM_ID_MAX
from p2claw.wire.frames.payloads import window_payload
from p2claw.wire.session.side import Side
from p2claw.wire.session.states import Half, State, Step
from p2claw.wire.session.stream import Stream
from p2claw.wire.session.stream_table import StreamTable

if TYPE_CHECKING:
    from p2claw._pyframe import Tap

_FINISHED = 0  # a notice of the scheduler, as against 1, WRITABLE


class Streams:
    """All streams of one side of a session; its length is how many are open.

    A stream is open until either side has reset it, or both sides have ended it. Every method that
    sends raises StreamResetError if its stream is over, and LinkError if the session has failed.

    limits: those of the session. peer_window_bytes: what each stream may send at first. table: the
    open ones, for the session's own parts. queued: returns how many body bytes of a stream the
    session has not handed out to be sent.
    """

    __slots__ = ("_peer_streams", "_side", "limits", "peer_window_bytes", "queued", "table")

    def __init__(self, side: Side) -> None:
        self.limits = side.limits
        self._side = side
        self.queued = side.scheduler.queued
        self.table = StreamTable(side)
        self.peer_window_bytes = FIRST_WINDOW_BYTES
        self._peer_streams = FIRST_STREAMS

    def __len__(self) -> int:
        return len(self.table)

    def open_request(self, head: RequestHead, *, end: bool) -> int:
        """Visitor: open a stream and send its request; returns its id.

        Raises LocalProtocolError `streams-exhausted` at the box's limit, `goaway` while draining,
        `head-invalid`, `head-too-large`, `ids-exhausted`.
        """
        self._side.check_running()
        if self._side.role is not Role.VISITOR:
            raise LocalProtocolError("a box opens no streams", code="role-wrong")
        if self._side.state is State.DRAINING:
            raise LocalProtocolError("no new streams on a link that drains", code="goaway")
        if len(self.table) >= self._peer_streams:
            raise LocalProtocolError(
                f"{len(self.table)} streams are open, as many as the box allows",
                code="streams-exhausted",
            )
        id = (self.table.closed.highest + 1) | 1
        if id > STREAM_ID_MAX:
            raise LocalProtocolError("all stream ids of this link are used", code="ids-exhausted")
        payload = encode_request(head, self.limits)
        stream = self.table.add(id, head.method)
        stream.shown = True
        stream.advance_ours(Step.HEAD_END if end else Step.HEAD)
        self.begin(stream, head.urgency)
        self._side.scheduler.head(id, FrameType.REQUEST, payload, end)
        return id

    def send_response(self, id: int, head: ResponseHead, *, end: bool) -> None:
        """Box: respond to a request.

        Raises LocalProtocolError `head-invalid`, `head-too-large`, `out-of-order`.
        """
        side = self._side
        if side.state is State.FAILED:
            side.check_running()
        if side.role is not Role.BOX:
            raise LocalProtocolError("a visitor sends no responses", code="role-wrong")
        stream = self.table.get(id) or self._gone(id)
        payload = encode_response(head, self.limits)
        stream.advance_ours(Step.HEAD_END if end else Step.HEAD)
        stream.bodiless = has_no_body(stream.method, head.status)
        side.scheduler.head(id, FrameType.RESPONSE, payload, end)

    def send_whole(self, id: int, head: ResponseHead, pieces: list[bytes]) -> int:
        """Box: respond to a request with a whole body, in pieces that are not empty.

        Returns how many bytes the body has. Raises as `send_response` and `send_data`.
        """
        side, stream = self._side, self.table.get(id)
        if (
            stream is None
            or stream.ours is not Half.AWAIT
            or side.role is not Role.BOX
            or has_no_body(stream.method, head.status)
        ):
            self.send_response(id, head, end=False)
            for piece in pieces:
                self.send_data(id, piece)
            self.send_data(id, b"", end=True)
            return self.queued(id)
        payload = encode_response(head, self.limits)
        stream.ours = Half.ENDED  # by way of BODY, both at once
        return side.scheduler.whole(id, FrameType.RESPONSE, payload, pieces)

    def send_data(self, id: int, data: bytes | memoryview, *, end: bool = False) -> None:
        """Queue body bytes, whole and uncopied: they must not change until they have gone.

        Raises LocalProtocolError `out-of-order`, `no-body`.
        """
        stream = self.table.get(id) or self._gone(id)
        if stream.bodiless and data and self._side.role is Role.BOX:
            raise LocalProtocolError(f"the response on stream {id} has no body", code="no-body")
        stream.advance_ours(Step.DATA_END if end else Step.DATA)
        self._side.scheduler.push(id, data, end)

    def draw(self, id: int, tap: Tap) -> None:
        """Let what a tap has of the body follow what is queued. StreamWritable once it is dry.

        Raises LocalProtocolError `out-of-order`, `no-body`.
        """
        stream = self.table.get(id) or self._gone(id)
        if stream.bodiless:
            raise LocalProtocolError(f"the response on stream {id} has no body", code="no-body")
        stream.advance_ours(Step.DATA)
        self._side.scheduler.draw(id, tap)

    def draw_no_more(self, id: int) -> None:
        """Read nothing more from the tap of a stream; nothing if it has none."""
        self._side.scheduler.draw(id, None)

    def send_trailers(self, id: int, fields: Fields) -> None:
        """End the body with fields. Raises as `send_response`."""
        stream = self.table.get(id) or self._gone(id)
        payload = encode_trailers(fields, self.limits)
        stream.advance_ours(Step.TRAILERS)
        self._side.scheduler.trailers(id, payload)

    def consumed(self, id: int, n: int, now: float | None = None) -> None:
        """The consumer has read n body bytes: credit is granted in quarters of the window.

        now: lets the window tune its size to the reader.
        """
        stream = self.table.get(id)
        grant = 0 if stream is None else stream.consumed(n, now)
        if grant:
            self._side.send_control(FrameType.WINDOW, id, window_payload(grant))

    def reset(self, id: int, code: Code, reason: str = "") -> None:
        """End a stream early; nothing if it is over already."""
        self.table.reset(id, code, reason)

    def watch(self, id: int, at_bytes: int) -> None:
        """Emit StreamWritable once no more than so many body bytes of a stream are queued."""
        self._side.scheduler.watch(id, at_bytes)

    # Called by the session.

    def peer_allows(self, window_bytes: int, streams: int) -> None:
        """The peer's HELLO has come: open streams get the difference to what was assumed."""
        more = window_bytes - self.peer_window_bytes
        self.peer_window_bytes = window_bytes
        self._peer_streams = streams
        if more:
            for id in self.table:
                self._side.scheduler.credit(id, more)

    def begin(self, stream: Stream, urgency: int) -> None:
        """Give a stream its place among those that send."""
        self._side.scheduler.open(stream.id, self.peer_window_bytes, urgency)

    def note_sent(self, notices: list[tuple[int, int]]) -> None:
        """A message was handed out: some streams have sent all, or have room for more."""
        for notice, id in notices:
            if notice == _FINISHED:
                self.table.handed_out(id)
            else:
                self.table.writable(id)

    def refuse_above(self, last: int) -> None:
        """Visitor: the box's GOAWAY says that it will process no stream above this id."""
        for id in self.table:
            stream = self.table.get(id)
            if id > last and stream is not None:
                self.table.lost(stream, Code.REFUSED, "above the last stream of GOAWAY")

    def _gone(self, id: int) -> NoReturn:
        """Say why a stream is not among the open ones."""
        self._side.check_running()  # a session that has failed has no streams left
        closed = self.table.closed
        if not closed.covers(id):
            raise LocalProtocolError(f"stream {id} was never opened", code="stream-unknown")
        code = closed.code(id)
        raise StreamResetError(f"stream {id} is over: {code.name}", reset_code=code)
