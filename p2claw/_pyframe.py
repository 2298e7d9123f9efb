"""The reference codec: frames in and out of messages, send windows, and whose turn it is to send.

`_fastframe.pyx` is the same in Cython and what runs by default; one set of vectors and a property
test hold the two to the same bytes. What heads and payloads mean is left to `p2claw.wire`.
"""

from __future__ import annotations

from collections import deque
from struct import Struct
from typing import Final

from p2claw.errors import LocalProtocolError, RemoteProtocolError

NAME: Final = "pyframe"

# docs/WIRE.md §2: payload length u16, type u8, flags u8, stream id u32.
_HEADER: Final = Struct("!HBBI")
HEADER_BYTES: Final = 8
MESSAGE_BYTES: Final = 16_384
PAYLOAD_BYTES: Final = MESSAGE_BYTES - HEADER_BYTES  # 16,376

DATA: Final = 0x03
TRAILERS: Final = 0x04
EXTENSIONS_FROM: Final = 0x40
FLAG_END: Final = 0x01
FLAG_MORE: Final = 0x02

CREDIT_MAX: Final = 2**31 - 1

# docs/WIRE.md §6: a quantum is one full DATA frame, so that a lone stream sends whole messages.
QUANTUM_BYTES: Final = PAYLOAD_BYTES
FRESH_BYTES: Final = 65_536
FRESH_URGENCY: Final = 1
BULK_TURN: Final = 8

# A DATA frame is not cut shorter than this only to fill the rest of a message: 8 bytes of header on
# 1,024 of body is below 1 %.
SPLIT_BYTES: Final = 1_024

# What drain_notices() returns beside the stream's id.
FINISHED: Final = 0
WRITABLE: Final = 1

# type: (wants a stream id, least payload, most payload). RESET is a code u16 and up to 256 bytes of
# reason (2 + 256); GOAWAY a stream id u32 before that (4 + 2 + 256).
_SHAPES: Final = {
    0x00: (False, 0, PAYLOAD_BYTES),
    0x01: (True, 0, PAYLOAD_BYTES),
    0x02: (True, 0, PAYLOAD_BYTES),
    0x03: (True, 0, PAYLOAD_BYTES),
    0x04: (True, 0, PAYLOAD_BYTES),
    0x05: (True, 2, 258),
    0x06: (True, 4, 4),
    0x07: (False, 8, 8),
    0x08: (False, 6, 262),
}

# Where the END of a stream rides, once it is known.
_OPEN: Final = 0
_ON_HEAD: Final = 1
_ON_DATA: Final = 2
_ON_TRAILERS: Final = 3


def decode_message(message: bytes) -> list[tuple[int, int, int, bytes]]:
    """Split one message into its frames: (type, flags, stream, payload).

    Lengths, types and the presence of a stream id are checked; payloads of variable size are not
    looked into. Raises RemoteProtocolError. Source: docs/WIRE.md §2.
    """
    total = len(message)
    if not HEADER_BYTES <= total <= MESSAGE_BYTES:
        raise RemoteProtocolError(f"a message of {total} bytes")
    frames = []
    at = 0
    while at < total:
        if total - at < HEADER_BYTES:
            raise RemoteProtocolError(f"a truncated header at byte {at}")
        length, kind, flags, stream = _HEADER.unpack_from(message, at)
        end = at + HEADER_BYTES + length
        if end > total:
            raise RemoteProtocolError(f"a truncated frame at byte {at}")
        if kind < EXTENSIONS_FROM:
            _check_shape(kind, stream, length)
        frames.append((kind, flags, stream, message[at + HEADER_BYTES : end]))
        at = end
    return frames


def encode_frame(type: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame: its header and its payload of at most 16,376 bytes.

    Raises LocalProtocolError `frame-invalid`. Source: docs/WIRE.md §2.
    """
    if (
        len(payload) > PAYLOAD_BYTES
        or not 0 <= type <= 0xFF
        or not 0 <= flags <= 0xFF
        or not 0 <= stream <= 0xFFFF_FFFF
    ):
        raise LocalProtocolError(
            f"a frame of type {type}, stream {stream}, {len(payload)} bytes does not exist",
            code="frame-invalid",
        )
    return _HEADER.pack(len(payload), type, flags, stream) + payload


class Scheduler:
    """Everything that waits to be sent on one session, and the order in which it is sent.

    Buffers given to `push` are kept, not copied, until they have gone; the caller must not change
    them. Source: docs/WIRE.md §5, §6.
    """

    def __init__(self, high_water: int, low_water: int) -> None:
        self._high_water = high_water
        self._low_water = low_water
        self._streams: dict[int, _Outgoing] = {}
        self._control: deque[bytes] = deque()
        self._control_bytes = 0
        self._heads: deque[_Outgoing] = deque()
        self._fresh: deque[_Outgoing] = deque()
        self._bulk: deque[_Outgoing] = deque()
        self._turn = 0
        self._notices: list[tuple[int, int]] = []
        self._frames_out = 0

    @property
    def control_bytes(self) -> int:
        """Bytes of session frames, RESET and WINDOW that wait."""
        return self._control_bytes

    @property
    def frames_out(self) -> int:
        """Frames handed out so far."""
        return self._frames_out

    def control(self, frame: bytes, front: bool = False) -> None:
        """Queue an encoded frame that goes before all heads and bodies; front: before its like."""
        if front:
            self._control.appendleft(frame)
        else:
            self._control.append(frame)
        self._control_bytes += len(frame)

    def open(self, stream: int, credit: int, urgency: int) -> None:
        """Begin to send on a stream, with so many body bytes of credit."""
        if stream in self._streams:
            raise LocalProtocolError(f"stream {stream} is open", code="stream-open")
        self._streams[stream] = _Outgoing(stream, credit, urgency)

    def head(self, stream: int, type: int, payload: bytes, end: bool) -> None:
        """Queue a head, in as many parts as it needs. end: nothing follows it."""
        out = self._open_for_more(stream)
        out.heads.extend(_parts(type, stream, payload, FLAG_END if end else 0))
        if end:
            out.end = _ON_HEAD
        self._place(out)

    def push(self, stream: int, data: bytes | memoryview, end: bool) -> None:
        """Queue body bytes. end: nothing follows them."""
        out = self._open_for_more(stream)
        if type(data) is not bytes:
            data = memoryview(data).cast("B")
        size = len(data)
        if size:
            out.pieces.append(data)
            out.queued += size
            if out.queued > self._high_water:
                out.notify_at = self._low_water
        if end:
            out.end = _ON_DATA
        self._place(out)

    def trailers(self, stream: int, payload: bytes) -> None:
        """Queue trailers, in as many parts as they need. Nothing follows them."""
        out = self._open_for_more(stream)
        out.trailers.extend(_parts(TRAILERS, stream, payload, 0))
        out.end = _ON_TRAILERS
        self._place(out)

    def credit(self, stream: int, n: int) -> bool:
        """Let n more body bytes go; False if that makes more than 2³¹−1 in all.

        A stream that is not known needs none: True.
        """
        out = self._streams.get(stream)
        if out is None:
            return True
        if out.credit + n > CREDIT_MAX:
            return False
        out.credit += n
        self._place(out)
        return True

    def queued(self, stream: int) -> int:
        """Body bytes of a stream that have not gone yet; 0 if it is not known."""
        out = self._streams.get(stream)
        return 0 if out is None else out.queued

    def watch(self, stream: int, at: int) -> None:
        """Notify, as WRITABLE, once no more than so many of its body bytes are queued.

        It replaces the notice that is due at low water. Nothing if a stream is not known.
        """
        out = self._streams.get(stream)
        if out is not None and out.queued > at:
            out.notify_at = at

    def started(self, stream: int) -> bool:
        """Whether any frame of a stream has gone. A stream that is not known has."""
        out = self._streams.get(stream)
        return True if out is None else out.started

    def close(self, stream: int) -> None:
        """Forget a stream and all that it still had to send."""
        out = self._streams.pop(stream, None)
        if out is not None and out.lane is not None:
            out.lane.remove(out)
            out.lane = None

    def drain_notices(self) -> list[tuple[int, int]]:
        """What the messages so far brought about, in order: (FINISHED | WRITABLE, stream).

        FINISHED: its END has gone and the stream is forgotten. WRITABLE: what it had queued was
        above high water and has fallen to low water, or to where it is watched.
        """
        notices = self._notices
        if notices:
            self._notices = []
        return notices

    def next_message(self) -> bytes | None:
        """The next message, of 8 to 16,384 bytes, or None if nothing may go."""
        message = _Message()
        if self._heads and self._heads[0].started:
            # No other frame of a stream may come between the parts of its head, and WINDOW of that
            # stream may wait in control.
            self._add_head(self._heads[0], message)
        while self._control:
            if len(self._control[0]) > message.room:
                return self._sent(message)
            frame = self._control.popleft()
            self._control_bytes -= len(frame)
            message.add(frame)
        if self._bulk_is_due():
            self._add_bodies(self._bulk, message)
        self._add_heads(message)
        if not self._heads:
            self._add_bodies(self._fresh, message)
            self._add_bodies(self._bulk, message)
        return self._sent(message)

    def _sent(self, message: _Message) -> bytes | None:
        if not message.frames:
            return None
        self._frames_out += message.frames
        return b"".join(message.parts)

    def _bulk_is_due(self) -> bool:
        self._turn = self._turn + 1 if self._bulk else 0
        if self._turn < BULK_TURN:
            return False
        self._turn = 0
        return True

    def _add_heads(self, message: _Message) -> None:
        # In the order in which they came, and none overtakes one that does not fit: the ids of
        # REQUESTs must rise.
        while self._heads and self._add_head(self._heads[0], message):
            pass

    def _add_head(self, out: _Outgoing, message: _Message) -> bool:
        while out.heads:
            if len(out.heads[0]) > message.room:
                return False
            message.add(out.heads.popleft())
            out.started = True
        self._heads.popleft()
        out.lane = None
        if out.end == _ON_HEAD:
            self._finish(out)
        else:
            self._place(out)
        return True

    def _add_bodies(self, lane: deque[_Outgoing], message: _Message) -> None:
        while lane:
            out = lane[0]
            if out.queued:
                added = self._add_data(out, message)
            elif out.trailers:
                added = len(out.trailers[0]) <= message.room
                if added:
                    message.add(out.trailers.popleft())
            else:
                added = message.room >= HEADER_BYTES
                if added:
                    message.add(_HEADER.pack(0, DATA, FLAG_END, out.stream))
                    out.end = _ON_TRAILERS  # it has gone: nothing is due any more
            if not added:
                return
            self._leave_or_stay(out, lane)

    def _add_data(self, out: _Outgoing, message: _Message) -> bool:
        fits = message.room - HEADER_BYTES
        if out.deficit < SPLIT_BYTES:
            out.deficit += QUANTUM_BYTES
        size = min(out.deficit, out.credit, out.queued)
        if size > fits:
            if fits < SPLIT_BYTES:
                return False
            size = fits
        flags = 0
        if size == out.queued and out.end == _ON_DATA:
            flags = FLAG_END
            out.end = _ON_TRAILERS
        message.add(_HEADER.pack(size, DATA, flags, out.stream))
        out.move(size, message)
        if out.queued <= out.notify_at:
            out.notify_at = -1
            self._notices.append((WRITABLE, out.stream))
        return True

    def _leave_or_stay(self, out: _Outgoing, lane: deque[_Outgoing]) -> None:
        sendable = out.sendable
        if sendable and self._lane_of(out) is lane:
            if out.deficit < SPLIT_BYTES:
                lane.rotate(-1)
            return
        lane.popleft()
        out.lane = None
        out.deficit = 0
        if sendable:
            self._place(out)
        elif out.end == _ON_TRAILERS and not out.queued:
            self._finish(out)

    def _finish(self, out: _Outgoing) -> None:
        del self._streams[out.stream]
        self._notices.append((FINISHED, out.stream))

    def _place(self, out: _Outgoing) -> None:
        if out.lane is None and out.sendable:
            lane = self._lane_of(out)
            lane.append(out)
            out.lane = lane

    def _lane_of(self, out: _Outgoing) -> deque[_Outgoing]:
        if out.heads:
            return self._heads
        if out.urgency <= FRESH_URGENCY or out.sent < FRESH_BYTES:
            return self._fresh
        return self._bulk

    def _open_for_more(self, stream: int) -> _Outgoing:
        out = self._streams.get(stream)
        if out is None or out.end != _OPEN:
            raise LocalProtocolError(f"stream {stream} accepts nothing more", code="stream-ended")
        return out


class _Outgoing:
    """What one stream has to send."""

    __slots__ = (
        "credit",
        "deficit",
        "end",
        "heads",
        "lane",
        "notify_at",
        "offset",
        "pieces",
        "queued",
        "sent",
        "started",
        "stream",
        "trailers",
        "urgency",
    )

    def __init__(self, stream: int, credit: int, urgency: int) -> None:
        self.stream = stream
        self.urgency = urgency
        self.credit = credit  # body bytes that the peer still allows
        self.heads: deque[bytes] = deque()  # encoded frames, before any body
        self.pieces: deque[bytes | memoryview] = deque()
        self.offset = 0  # bytes of pieces[0] that have gone
        self.queued = 0  # body bytes that have not gone
        self.sent = 0  # body bytes that have gone
        self.trailers: deque[bytes] = deque()  # encoded frames, after all body
        self.end = _OPEN
        self.deficit = 0
        self.notify_at = -1  # once no more is queued: WRITABLE; -1: it is not due
        self.started = False
        self.lane: deque[_Outgoing] | None = None  # the one queue of the scheduler that holds it

    @property
    def sendable(self) -> bool:
        if self.heads:
            return True
        if self.queued:
            return self.credit > 0
        return self.end == _ON_DATA or bool(self.trailers)

    def move(self, size: int, message: _Message) -> None:
        """Put size body bytes into a message that has their header already."""
        self.queued -= size
        self.sent += size
        self.credit -= size
        self.deficit -= size
        message.room -= size
        while size:
            piece = self.pieces[0]
            left = len(piece) - self.offset
            if left > size:
                message.parts.append(memoryview(piece)[self.offset : self.offset + size])
                self.offset += size
                return
            message.parts.append(memoryview(piece)[self.offset :] if self.offset else piece)
            self.pieces.popleft()
            self.offset = 0
            size -= left


class _Message:
    """One message in the making."""

    __slots__ = ("frames", "parts", "room")

    def __init__(self) -> None:
        self.parts: list[bytes | memoryview] = []
        self.room = MESSAGE_BYTES
        self.frames = 0

    def add(self, frame: bytes) -> None:
        self.parts.append(frame)
        self.room -= len(frame)
        self.frames += 1


def _check_shape(kind: int, stream: int, length: int) -> None:
    shape = _SHAPES.get(kind)
    if shape is None:
        raise RemoteProtocolError(f"a frame of unknown type {kind}")
    wants_stream, least, most = shape
    if wants_stream != (stream != 0):
        raise RemoteProtocolError(f"a frame of type {kind} on stream {stream}")
    if not least <= length <= most:
        raise RemoteProtocolError(f"a frame of type {kind} with {length} bytes")


def _parts(type: int, stream: int, payload: bytes, last_flags: int) -> list[bytes]:
    if len(payload) <= PAYLOAD_BYTES:
        return [encode_frame(type, last_flags, stream, payload)]
    starts = range(0, len(payload), PAYLOAD_BYTES)
    return [
        encode_frame(
            type,
            FLAG_MORE if start + PAYLOAD_BYTES < len(payload) else last_flags,
            stream,
            payload[start : start + PAYLOAD_BYTES],
        )
        for start in starts
    ]
