"""What our side sends on streams: whether it may go now, and how the scheduler is given it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2claw.errors import LocalProtocolError, StreamResetError
from p2claw.wire.frames.codes import FrameType
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
from p2claw.wire.frames.limits import FIRST_STREAMS, FIRST_WINDOW_BYTES, STREAM_ID_MAX, Limits
from p2claw.wire.frames.payloads import window_payload
from p2claw.wire.session.states import OVER, TRANSITIONS, UNWANTED, Step

if TYPE_CHECKING:
    from p2claw._pyframe import Scheduler
    from p2claw.wire.frames.codec import Codec
    from p2claw.wire.session.streams import Stream, Streams


class Outbound:
    """Sends on streams. Every method raises StreamResetError where the stream is over."""

    __slots__ = (
        "_codec",
        "_limits",
        "_peer_streams",
        "_peer_window_bytes",
        "_role",
        "_scheduler",
        "_streams",
        "_window_bytes",
    )

    def __init__(
        self,
        role: Role,
        codec: Codec,
        limits: Limits,
        window_bytes: int,
        streams: Streams,
        scheduler: Scheduler,
    ) -> None:
        self._role = role
        self._codec = codec
        self._limits = limits
        self._window_bytes = window_bytes
        self._streams = streams
        self._scheduler = scheduler
        self._peer_window_bytes = FIRST_WINDOW_BYTES
        self._peer_streams = FIRST_STREAMS

    def peer_allows(self, window_bytes: int, streams: int) -> None:
        """The peer's HELLO has come: open streams get the difference to what was assumed."""
        more = window_bytes - self._peer_window_bytes
        self._peer_window_bytes = window_bytes
        self._peer_streams = streams
        if more:
            for id in self._streams:
                self._scheduler.credit(id, more)

    def begin(self, stream: Stream, urgency: int) -> None:
        """Give a stream its place among those that send."""
        self._scheduler.open(stream.id, self._peer_window_bytes, urgency)

    def request(self, head: RequestHead, *, end: bool) -> int:
        """Open a stream. Raises LocalProtocolError `streams-exhausted`, `head-invalid`…"""
        if len(self._streams) >= self._peer_streams:
            raise LocalProtocolError(
                f"{len(self._streams)} streams are open, as many as the box allows",
                code="streams-exhausted",
            )
        id = (self._streams.closed.highest + 1) | 1
        if id > STREAM_ID_MAX:
            raise LocalProtocolError("all stream ids of this link are used", code="ids-exhausted")
        payload = encode_request(head, self._limits)
        stream = self._streams.add(id, self._window_bytes, head.method)
        stream.shown = True
        self._step(stream, Step.HEAD_END if end else Step.HEAD)
        self.begin(stream, head.urgency)
        self._scheduler.head(id, FrameType.REQUEST, payload, end)
        return id

    def response(self, id: int, head: ResponseHead, *, end: bool) -> None:
        """Answer. Raises LocalProtocolError `head-invalid`, `head-too-large`."""
        stream = self._stream(id)
        payload = encode_response(head, self._limits)
        self._step(stream, Step.HEAD_END if end else Step.HEAD)
        stream.bodiless = has_no_body(stream.method, head.status)
        self._scheduler.head(id, FrameType.RESPONSE, payload, end)

    def data(self, id: int, data: bytes | memoryview, *, end: bool) -> None:
        """Queue body bytes, whole."""
        stream = self._stream(id)
        if stream.bodiless and data and self._role is Role.BOX:
            raise LocalProtocolError(f"the response on stream {id} has no body", code="no-body")
        self._step(stream, Step.DATA_END if end else Step.DATA)
        self._scheduler.push(id, data, end)

    def trailers(self, id: int, fields: Fields) -> None:
        """End the body with fields."""
        stream = self._stream(id)
        payload = encode_trailers(fields, self._limits)
        self._step(stream, Step.TRAILERS)
        self._scheduler.trailers(id, payload)

    def consumed(self, id: int, n: int) -> None:
        """Grant credit, where enough has been read and more may come."""
        stream = self._streams.get(id)
        if stream is None:
            return
        grant = stream.window.consumed(n)
        if grant and stream.theirs not in OVER and stream.theirs not in UNWANTED:
            frame = self._codec.encode_frame(FrameType.WINDOW, 0, id, window_payload(grant))
            self._scheduler.control(frame)

    def _stream(self, id: int) -> Stream:
        stream = self._streams.get(id)
        if stream is not None:
            return stream
        closed = self._streams.closed
        if not closed.covers(id):
            raise LocalProtocolError(f"stream {id} was never opened", code="stream-unknown")
        code = closed.code(id)
        raise StreamResetError(f"stream {id} is over: {code.name}", reset_code=code)

    def _step(self, stream: Stream, step: Step) -> None:
        after = TRANSITIONS.get((stream.ours, step))
        if after is None:
            raise LocalProtocolError(
                f"{step.name} on stream {stream.id}, which is at {stream.ours.name}",
                code="out-of-order",
            )
        stream.ours = after
