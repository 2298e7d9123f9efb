"""Whose turn it is to send: fills messages with what the streams of a session have.

What a stream has is in `outgoing.py`, the bytes of a frame are in `frames.py`.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from p2claw._pyframe.frames import (
    DATA,
    FLAG_END,
    HEADER_BYTES,
    PAYLOAD_BYTES,
    TRAILERS,
    in_parts,
)
from p2claw._pyframe.message import Message
from p2claw._pyframe.outgoing import ON_DATA, ON_HEAD, ON_TRAILERS, OPEN, Outgoing
from p2claw._pyframe.tap import Tap
from p2claw.errors import LocalProtocolError

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


class Scheduler:
    """Everything that waits to be sent on one session, and the order in which it is sent.

    A stream that can send stands in exactly one of three lanes: heads, fresh, bulk. Buffers given
    to `push` are kept, not copied, until they have gone; the caller must not change them. Source:
    docs/WIRE.md §5, §6.
    """

    def __init__(self, high_water: int, low_water: int) -> None:
        self._high_water = high_water
        self._low_water = low_water
        self._streams: dict[int, Outgoing] = {}
        self._control: deque[bytes] = deque()
        self._control_bytes = 0
        self._heads: deque[Outgoing] = deque()
        self._fresh: deque[Outgoing] = deque()
        self._bulk: deque[Outgoing] = deque()
        self._turn = 0
        self._notices: list[tuple[int, int]] = []
        self._frames_out = 0

    @property
    def control_bytes(self) -> int:
        """Bytes of session frames, RESET and WINDOW that wait."""
        return self._control_bytes

    @property
    def is_plain(self) -> bool:
        """Whether no control frame waits, and no notice."""
        return not self._control and not self._notices

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
        self._streams[stream] = Outgoing(stream, credit, urgency)

    def head(self, stream: int, type: int, payload: bytes, end: bool) -> None:
        """Queue a head, in as many parts as it needs. end: nothing follows it."""
        out = self._open_for_more(stream)
        out.heads.extend(in_parts(type, stream, payload, FLAG_END if end else 0))
        if end:
            out.end = ON_HEAD
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
            out.end = ON_DATA
        self._place(out)

    def draw(self, stream: int, tap: Tap | None) -> None:
        """Let what a tap has follow what is queued: WRITABLE once it is dry. None: no more.

        Nothing if a stream is not known.
        """
        out = self._streams.get(stream)
        if out is not None:
            out.tap = tap
            out.notify_at = -1
            if out.lane is not None and not out.sendable:
                self._leave(out, out.lane)
            self._place(out)

    def whole(self, stream: int, type: int, payload: bytes, pieces: list[bytes]) -> int:
        """Queue a head and a whole body, none of whose pieces is empty; nothing follows them.

        Returns how many bytes the body has.
        """
        out = self._open_for_more(stream)
        out.heads.extend(in_parts(type, stream, payload, 0))
        for piece in pieces:
            out.pieces.append(piece)
            out.queued += len(piece)
        if out.queued > self._high_water:
            out.notify_at = self._low_water
        out.end = ON_DATA
        self._place(out)
        return out.queued

    def trailers(self, stream: int, payload: bytes) -> None:
        """Queue trailers, in as many parts as they need. Nothing follows them."""
        out = self._open_for_more(stream)
        out.trailers.extend(in_parts(TRAILERS, stream, payload, 0))
        out.end = ON_TRAILERS
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
            self._leave(out, out.lane)

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
        message = Message()
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

    def _sent(self, message: Message) -> bytes | None:
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

    def _add_heads(self, message: Message) -> None:
        # In the order in which they came, and none overtakes one that does not fit: the ids of
        # REQUESTs must rise.
        while self._heads and self._add_head(self._heads[0], message):
            pass

    def _add_head(self, out: Outgoing, message: Message) -> bool:
        while out.heads:
            if len(out.heads[0]) > message.room:
                return False
            message.add(out.heads.popleft())
            out.started = True
        self._heads.popleft()
        out.lane = None
        if out.end == ON_HEAD:
            self._finish(out)
        else:
            self._place(out)
        return True

    def _add_bodies(self, lane: deque[Outgoing], message: Message) -> None:
        while lane:
            out = lane[0]
            if out.queued:
                added = self._add_data(out, message)
            elif out.tap is not None:
                added = self._draw(out, out.tap, message)
            elif out.trailers:
                added = len(out.trailers[0]) <= message.room
                if added:
                    message.add(out.trailers.popleft())
            else:
                added = message.room >= HEADER_BYTES
                if added:
                    message.add_header(0, DATA, FLAG_END, out.stream)
                    out.end = ON_TRAILERS
            if not added:
                return
            self._leave_or_stay(out, lane)

    def _add_data(self, out: Outgoing, message: Message) -> bool:
        fits = message.room - HEADER_BYTES
        if out.deficit < SPLIT_BYTES:
            out.deficit += QUANTUM_BYTES
        size = min(out.deficit, out.credit, out.queued)
        if size > fits:
            if fits < SPLIT_BYTES:
                return False
            size = fits
        flags = 0
        if size == out.queued and out.end == ON_DATA and out.tap is None:
            flags = FLAG_END
            out.end = ON_TRAILERS
        message.add_header(size, DATA, flags, out.stream)
        out.move(size, message)
        if out.queued <= out.notify_at:
            out.notify_at = -1
            self._notices.append((WRITABLE, out.stream))
        return True

    def _draw(self, out: Outgoing, tap: Tap, message: Message) -> bool:
        fits = message.room - HEADER_BYTES
        if out.deficit < SPLIT_BYTES:
            out.deficit += QUANTUM_BYTES
        size = min(out.deficit, out.credit)
        if size > fits:
            if fits < SPLIT_BYTES:
                return False
            size = fits
        data = tap.read(size)
        if data:
            message.add_header(len(data), DATA, 0, out.stream)
            message.add_payload(data)
            out.sent += len(data)
            out.credit -= len(data)
            out.deficit -= len(data)
        if tap.is_dry:
            out.tap = None
            self._notices.append((WRITABLE, out.stream))
        return True

    def _leave_or_stay(self, out: Outgoing, lane: deque[Outgoing]) -> None:
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
        elif out.end == ON_TRAILERS and not out.queued:
            self._finish(out)

    def _finish(self, out: Outgoing) -> None:
        del self._streams[out.stream]
        self._notices.append((FINISHED, out.stream))

    def _leave(self, out: Outgoing, lane: deque[Outgoing]) -> None:
        lane.remove(out)
        out.lane = None
        out.deficit = 0

    def _place(self, out: Outgoing) -> None:
        if out.lane is None and out.sendable:
            lane = self._lane_of(out)
            lane.append(out)
            out.lane = lane

    def _lane_of(self, out: Outgoing) -> deque[Outgoing]:
        if out.heads:
            return self._heads
        if out.urgency <= FRESH_URGENCY or out.sent < FRESH_BYTES:
            return self._fresh
        return self._bulk

    def _open_for_more(self, stream: int) -> Outgoing:
        out = self._streams.get(stream)
        if out is None or out.end != OPEN:
            raise LocalProtocolError(f"stream {stream} accepts nothing more", code="stream-ended")
        return out
