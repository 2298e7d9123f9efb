"""What the other side's frames of a stream mean: each becomes an event, or a fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from p2claw.wire.frames.codes import FLAG_END, FLAG_MORE, Code, FrameType
from p2claw.wire.frames.faults import (
    CreditFault,
    HeadFault,
    HeadTooLarge,
    SessionFault,
    StreamFault,
)
from p2claw.wire.frames.heads import (
    DEFAULT_URGENCY,
    decode_request,
    decode_response,
    decode_trailers,
    error_response,
    has_no_body,
)
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import Limits
from p2claw.wire.frames.payloads import read_reset, read_window
from p2claw.wire.session.events import (
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    TrailersReceived,
)
from p2claw.wire.session.states import IN_HEAD, UNWANTED, Half, Step, step_of

if TYPE_CHECKING:
    from p2claw._pyframe import Scheduler
    from p2claw.wire.session.outbound import Outbound
    from p2claw.wire.session.streams import Stream, Streams


class Inbound:
    """Reads the frames of streams, in the order in which they came."""

    __slots__ = (
        "_emit",
        "_limits",
        "_outbound",
        "_role",
        "_scheduler",
        "_streams",
        "_window_bytes",
    )

    def __init__(
        self,
        role: Role,
        limits: Limits,
        window_bytes: int,
        streams: Streams,
        outbound: Outbound,
        scheduler: Scheduler,
        emit: Callable[[Event], None],
    ) -> None:
        self._role = role
        self._limits = limits
        self._window_bytes = window_bytes
        self._streams = streams
        self._outbound = outbound
        self._scheduler = scheduler
        self._emit = emit

    def receive(self, type: int, flags: int, id: int, payload: bytes, *, draining: bool) -> None:
        """Read one frame of a stream. Raises SessionFault."""
        if type == (FrameType.RESPONSE if self._role is Role.BOX else FrameType.REQUEST):
            raise SessionFault(f"{FrameType(type).name} from a peer that may not send it")
        stream = self._streams.get(id)
        if stream is None and type == FrameType.REQUEST:
            stream = self._begin(id, flags, draining)
        elif stream is None:
            self._late(type, id)
        if stream is None:
            return
        try:
            _HANDLERS[type](self, stream, flags, payload)
        except StreamFault as fault:
            self._streams.fault(stream, fault.wire_code, fault.message)

    def _begin(self, id: int, flags: int, draining: bool) -> Stream | None:
        closed = self._streams.closed
        more = bool(flags & FLAG_MORE)
        if closed.is_cut(id):
            if not more:
                closed.uncut(id)
            return None
        if id % 2 == 0 or id <= closed.highest:
            raise SessionFault(f"REQUEST on stream {id}, after {closed.highest}")
        if draining or len(self._streams) >= self._limits.streams:
            self._streams.refuse(id, more=more)
            return None
        return self._streams.add(id, self._window_bytes)

    def _late(self, type: int, id: int) -> None:
        closed = self._streams.closed
        if not closed.covers(id):
            raise SessionFault(f"{FrameType(type).name} on stream {id}, which was never opened")
        if type == FrameType.RESET:
            closed.uncut(id)

    def _data(self, stream: Stream, flags: int, payload: bytes) -> None:
        end = bool(flags & FLAG_END)
        was = stream.theirs
        if was is not Half.BODY or end:
            stream.advance(Step.DATA_END if end else Step.DATA)
        stream.window.received(len(payload))
        if was is Half.BODY:
            if stream.bodiless and payload:
                raise StreamFault("DATA in a response that has none")
            self._emit(DataReceived(stream.id, payload, end))
        if end:
            self._streams.settle(stream)

    def _window(self, stream: Stream, flags: int, payload: bytes) -> None:
        if stream.theirs in IN_HEAD:
            raise SessionFault(f"WINDOW between the parts of a head of stream {stream.id}")
        if not self._scheduler.credit(stream.id, read_window(payload)):
            raise CreditFault("credit above 2³¹−1 in all")

    def _reset(self, stream: Stream, flags: int, payload: bytes) -> None:
        code, reason = read_reset(payload)
        self._streams.lost(stream, code, reason)

    def _request(self, stream: Stream, flags: int, payload: bytes) -> None:
        was = stream.advance(step_of(FrameType.REQUEST, flags))
        try:
            whole = self._whole(stream, was, flags, payload)
            if whole is None:
                return
            head = decode_request(whole, self._limits)
        except HeadFault as fault:
            self._answer(stream, fault)
            return
        stream.method = head.method
        stream.shown = True
        self._outbound.begin(stream, head.urgency)
        self._emit(RequestReceived(stream.id, head, stream.theirs is Half.ENDED))

    def _response(self, stream: Stream, flags: int, payload: bytes) -> None:
        if not self._scheduler.started(stream.id):
            raise SessionFault(f"RESPONSE on stream {stream.id}, which was never opened")
        was = stream.advance(step_of(FrameType.RESPONSE, flags))
        try:
            whole = self._whole(stream, was, flags, payload)
            if whole is None:
                return
            head = decode_response(whole, self._limits)
        except HeadFault as fault:
            raise StreamFault(fault.message, fault.wire_code) from fault
        stream.bodiless = has_no_body(stream.method, head.status)
        self._emit(ResponseReceived(stream.id, head, stream.theirs is Half.ENDED))
        self._streams.settle(stream)

    def _trailers(self, stream: Stream, flags: int, payload: bytes) -> None:
        was = stream.advance(step_of(FrameType.TRAILERS, flags))
        try:
            whole = self._whole(stream, was, flags, payload)
            if whole is not None:
                fields = decode_trailers(whole, self._limits)
                self._emit(TrailersReceived(stream.id, fields))
        except HeadFault as fault:
            raise StreamFault(fault.message, fault.wire_code) from fault
        self._streams.settle(stream)

    def _whole(self, stream: Stream, was: Half, flags: int, payload: bytes) -> bytes | None:
        # The whole of a head, once its last part has come; None before, and where nobody wants it.
        if was in UNWANTED:
            return None
        size = len(stream.parts) + len(payload)
        if size > self._limits.head_bytes:
            stream.parts = bytearray()
            raise HeadTooLarge(f"a head of {size} bytes, more than {self._limits.head_bytes}")
        if flags & FLAG_MORE:
            stream.parts += payload
            if self._streams.parts_bytes > self._limits.parts_bytes:
                raise SessionFault("more heads begun than there is room for", Code.LIMIT)
            return None
        if not stream.parts:
            return payload
        whole = bytes(stream.parts) + payload
        stream.parts = bytearray()
        return whole

    def _answer(self, stream: Stream, fault: HeadFault) -> None:
        # The one who drives the session never hears of this request: the box's answer is made here.
        head, body = error_response(fault.status, fault.code, f"The request has {fault.message}.")
        self._outbound.begin(stream, DEFAULT_URGENCY)
        self._outbound.response(stream.id, head, end=False)
        self._outbound.data(stream.id, body, end=True)
        stream.give_up()


_HANDLERS: dict[int, Callable[[Inbound, Stream, int, bytes], None]] = {
    FrameType.DATA: Inbound._data,
    FrameType.WINDOW: Inbound._window,
    FrameType.RESET: Inbound._reset,
    FrameType.TRAILERS: Inbound._trailers,
    FrameType.REQUEST: Inbound._request,
    FrameType.RESPONSE: Inbound._response,
}
