"""What the frames of the other side mean on a stream: each becomes an event, or a fault."""

from __future__ import annotations

from collections.abc import Callable

from p2claw._codec import chosen
from p2claw.wire.frames.codes import FLAG_END, FLAG_MORE, Code, FrameType
from p2claw.wire.frames.faults import CreditFault, HeadFault, SessionFault, StreamFault
from p2claw.wire.frames.heads import (
    DEFAULT_URGENCY,
    RequestHead,
    decode_request,
    decode_response,
    decode_trailers,
    error_response,
    has_no_body,
)
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.payloads import read_reset, read_window
from p2claw.wire.session.events import (
    DataReceived,
    RequestReceived,
    ResponseReceived,
    TrailersReceived,
)
from p2claw.wire.session.side import Side
from p2claw.wire.session.states import Half, State, Step, step_of
from p2claw.wire.session.stream import Stream
from p2claw.wire.session.streams import Streams

# By the flags of a REQUEST.
_REQUEST_STEPS = [step_of(FrameType.REQUEST, flags) for flags in range(1 + FLAG_END + FLAG_MORE)]


class Inbound:
    """Reads the frames of streams, in the order in which they arrive."""

    __slots__ = ("_side", "_streams", "_table")

    def __init__(self, side: Side, streams: Streams) -> None:
        self._side = side
        self._streams = streams
        self._table = streams.table

    def read(self, type: int, flags: int, id: int, payload: bytes) -> None:
        """Read one frame of a stream. Raises SessionFault."""
        is_box = self._side.role is Role.BOX
        if type == (FrameType.RESPONSE if is_box else FrameType.REQUEST):
            raise SessionFault(f"{FrameType(type).name} from a peer that may not send it")
        stream = self._table.get(id)
        if stream is None and type == FrameType.REQUEST:
            if self._begin_usual(id, flags, payload):
                return
            stream = self._begin(id, flags)
        elif stream is None:
            self._late(type, id)
        if stream is None:
            return
        try:
            _HANDLERS[type](self, stream, flags, payload)
        except StreamFault as fault:
            self._table.fault(stream, fault.wire_code, fault.message)

    def _begin_usual(self, id: int, flags: int, payload: bytes) -> bool:
        """Read a REQUEST on a new stream, in one step; False if anything about it is unusual."""
        side, table = self._side, self._table
        limits = side.limits
        if (
            flags & FLAG_MORE
            or id <= table.closed.highest
            or id % 2 == 0
            or len(table.open) >= limits.streams
            or len(payload) > limits.head_bytes
            or side.state is not State.RUNNING
        ):
            return False
        usual = chosen.read_request(payload, limits.head_fields)
        if usual is None:
            return False
        head = RequestHead(*usual)
        stream = table.add(id, head.method)
        stream.shown = True
        ended = bool(flags & FLAG_END)
        stream.theirs = Half.ENDED if ended else Half.BODY
        side.scheduler.open(id, self._streams.peer_window_bytes, head.urgency)
        side.emit(RequestReceived(id, head, ended))
        return True

    def _begin(self, id: int, flags: int) -> Stream | None:
        closed = self._table.closed
        more = bool(flags & FLAG_MORE)
        if id in closed.unfinished:
            if not more:
                closed.uncut(id)
            return None
        if id % 2 == 0 or id <= closed.highest:
            raise SessionFault(f"REQUEST on stream {id}, after {closed.highest}")
        draining = self._side.state is State.DRAINING
        if draining or len(self._table) >= self._side.limits.streams:
            self._table.refuse(id, more=more)
            return None
        return self._table.add(id)

    def _late(self, type: int, id: int) -> None:
        closed = self._table.closed
        if not closed.covers(id):
            raise SessionFault(f"{FrameType(type).name} on stream {id}, which was never opened")
        if type == FrameType.RESET:
            closed.uncut(id)

    def _data(self, stream: Stream, flags: int, payload: bytes) -> None:
        end = bool(flags & FLAG_END)
        if end or stream.theirs is not Half.BODY:
            stream.advance_theirs(Step.DATA_END if end else Step.DATA)
        stream.window.received(len(payload))
        if not stream.unwanted:
            if stream.bodiless and payload:
                raise StreamFault("DATA in a response that has none")
            self._side.emit(DataReceived(stream.id, payload, end))
        if end:
            self._table.settle(stream)

    def _window(self, stream: Stream, flags: int, payload: bytes) -> None:
        if stream.theirs is Half.HEAD:
            raise SessionFault(f"WINDOW between the parts of a head of stream {stream.id}")
        if not self._side.scheduler.credit(stream.id, read_window(payload)):
            raise CreditFault("credit above 2³¹−1 in all")

    def _reset(self, stream: Stream, flags: int, payload: bytes) -> None:
        code, reason = read_reset(payload)
        self._table.lost(stream, code, reason)

    def _request(self, stream: Stream, flags: int, payload: bytes) -> None:
        stream.advance_theirs(_REQUEST_STEPS[flags & (FLAG_END | FLAG_MORE)])
        try:
            if flags & FLAG_MORE or stream.parts or stream.unwanted:
                whole = self._whole(stream, flags, payload)
                if whole is None:
                    return
                payload = whole
            head = decode_request(payload, self._side.limits)
        except HeadFault as fault:
            self._respond_with(stream, fault)
            return
        stream.method = head.method
        stream.shown = True
        self._streams.begin(stream, head.urgency)
        self._side.emit(RequestReceived(stream.id, head, stream.theirs is Half.ENDED))

    def _response(self, stream: Stream, flags: int, payload: bytes) -> None:
        if not self._side.scheduler.started(stream.id):
            raise SessionFault(f"RESPONSE on stream {stream.id}, which was never opened")
        stream.advance_theirs(step_of(FrameType.RESPONSE, flags))
        try:
            whole = self._whole(stream, flags, payload)
            if whole is None:
                return
            head = decode_response(whole, self._side.limits)
        except HeadFault as fault:
            raise StreamFault(fault.message, fault.wire_code) from fault
        stream.bodiless = has_no_body(stream.method, head.status)
        self._side.emit(ResponseReceived(stream.id, head, stream.theirs is Half.ENDED))
        self._table.settle(stream)

    def _trailers(self, stream: Stream, flags: int, payload: bytes) -> None:
        stream.advance_theirs(step_of(FrameType.TRAILERS, flags))
        try:
            whole = self._whole(stream, flags, payload)
            if whole is not None:
                fields = decode_trailers(whole, self._side.limits)
                self._side.emit(TrailersReceived(stream.id, fields))
        except HeadFault as fault:
            raise StreamFault(fault.message, fault.wire_code) from fault
        self._table.settle(stream)

    def _whole(self, stream: Stream, flags: int, payload: bytes) -> bytes | None:
        """A whole head, once its last part has come; None before that, and if it is unwanted."""
        if stream.unwanted:
            return None
        limits = self._side.limits
        whole = stream.add_part(flags, payload, limits.head_bytes)
        if whole is None and self._table.parts_bytes > limits.parts_bytes:
            raise SessionFault("more heads begun than there is room for", Code.LIMIT)
        return whole

    def _respond_with(self, stream: Stream, fault: HeadFault) -> None:
        # The user of the session does not learn of this request: the response is made here.
        self._side.counters.heads_refused += 1
        head, body = error_response(fault.status, fault.code, f"The request has {fault.message}.")
        self._streams.begin(stream, DEFAULT_URGENCY)
        self._streams.send_response(stream.id, head, end=False)
        self._streams.send_data(stream.id, body, end=True)
        stream.unwanted = True


_HANDLERS: dict[int, Callable[[Inbound, Stream, int, bytes], None]] = {
    FrameType.DATA: Inbound._data,
    FrameType.WINDOW: Inbound._window,
    FrameType.RESET: Inbound._reset,
    FrameType.TRAILERS: Inbound._trailers,
    FrameType.REQUEST: Inbound._request,
    FrameType.RESPONSE: Inbound._response,
}
