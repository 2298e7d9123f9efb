"""What our side sends on streams: whether it is allowed now, and how the scheduler gets it."""

from __future__ import annotations

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
from p2claw.wire.frames.limits import FIRST_STREAMS, FIRST_WINDOW_BYTES, STREAM_ID_MAX
from p2claw.wire.frames.payloads import window_payload
from p2claw.wire.session.side import Side
from p2claw.wire.session.states import Step
from p2claw.wire.session.stream import Stream
from p2claw.wire.session.streams import Streams


class Outbound:
    """Sends on streams. Every method raises StreamResetError if the stream is over."""

    __slots__ = ("_peer_streams", "_peer_window_bytes", "_side", "_streams")

    def __init__(self, side: Side, streams: Streams) -> None:
        self._side = side
        self._streams = streams
        self._peer_window_bytes = FIRST_WINDOW_BYTES
        self._peer_streams = FIRST_STREAMS

    def peer_allows(self, window_bytes: int, streams: int) -> None:
        """The peer's HELLO has come: open streams get the difference to what was assumed."""
        more = window_bytes - self._peer_window_bytes
        self._peer_window_bytes = window_bytes
        self._peer_streams = streams
        if more:
            for id in self._streams:
                self._side.scheduler.credit(id, more)

    def begin(self, stream: Stream, urgency: int) -> None:
        """Give a stream its place among those that send."""
        self._side.scheduler.open(stream.id, self._peer_window_bytes, urgency)

    def request(self, head: RequestHead, *, end: bool) -> int:
        """Open a stream and send its request; returns its id.

        Raises LocalProtocolError `streams-exhausted`, `ids-exhausted`, `head-invalid`,
        `head-too-large`.
        """
        if len(self._streams) >= self._peer_streams:
            raise LocalProtocolError(
                f"{len(self._streams)} streams are open, as many as the box allows",
                code="streams-exhausted",
            )
        id = (self._streams.closed.highest + 1) | 1
        if id > STREAM_ID_MAX:
            raise LocalProtocolError("all stream ids of this link are used", code="ids-exhausted")
        payload = encode_request(head, self._side.limits)
        stream = self._streams.add(id, head.method)
        stream.shown = True
        stream.advance_ours(Step.HEAD_END if end else Step.HEAD)
        self.begin(stream, head.urgency)
        self._side.scheduler.head(id, FrameType.REQUEST, payload, end)
        return id

    def response(self, id: int, head: ResponseHead, *, end: bool) -> None:
        """Send a response. Raises LocalProtocolError `head-invalid`, `head-too-large`."""
        stream = self._stream(id)
        payload = encode_response(head, self._side.limits)
        stream.advance_ours(Step.HEAD_END if end else Step.HEAD)
        stream.bodiless = has_no_body(stream.method, head.status)
        self._side.scheduler.head(id, FrameType.RESPONSE, payload, end)

    def data(self, id: int, data: bytes | memoryview, *, end: bool) -> None:
        """Queue body bytes, whole. Raises LocalProtocolError `no-body`."""
        stream = self._stream(id)
        if stream.bodiless and data and self._side.role is Role.BOX:
            raise LocalProtocolError(f"the response on stream {id} has no body", code="no-body")
        stream.advance_ours(Step.DATA_END if end else Step.DATA)
        self._side.scheduler.push(id, data, end)

    def trailers(self, id: int, fields: Fields) -> None:
        """End the body with fields."""
        stream = self._stream(id)
        payload = encode_trailers(fields, self._side.limits)
        stream.advance_ours(Step.TRAILERS)
        self._side.scheduler.trailers(id, payload)

    def consumed(self, id: int, n: int, now: float | None) -> None:
        """Our user has read n body bytes: grant credit if it is time to."""
        stream = self._streams.get(id)
        grant = 0 if stream is None else stream.consumed(n, now)
        if grant:
            self._side.send_control(FrameType.WINDOW, id, window_payload(grant))

    def _stream(self, id: int) -> Stream:
        stream = self._streams.get(id)
        if stream is not None:
            return stream
        closed = self._streams.closed
        if not closed.covers(id):
            raise LocalProtocolError(f"stream {id} was never opened", code="stream-unknown")
        code = closed.code(id)
        raise StreamResetError(f"stream {id} is over: {code.name}", reset_code=code)
