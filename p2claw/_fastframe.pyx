"""The codec that runs: frames in and out of messages, send windows, and whose turn it is to send.

`_pyframe.py` is the same in Python and explains why things are so; one set of vectors and a
property test hold the two to the same bytes. Types for callers are in `_fastframe.pyi`.
"""

from collections import deque

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_XDECREF
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

from p2claw.errors import LocalProtocolError, RemoteProtocolError

cdef extern from "Python.h":
    PyObject *new_bytes "PyBytes_FromStringAndSize"(const char *, Py_ssize_t) except NULL
    char *bytes_of "PyBytes_AS_STRING"(PyObject *) noexcept
    int resize_bytes "_PyBytes_Resize"(PyObject **, Py_ssize_t) except -1

NAME = "fastframe"

FINISHED = 0
WRITABLE = 1

# docs/WIRE.md §2: payload length u16, type u8, flags u8, stream id u32.
cdef enum:
    HEADER_BYTES = 8
    MESSAGE_BYTES = 16384
    PAYLOAD_BYTES = 16376  # 16,384 - 8

    DATA = 0x03
    TRAILERS = 0x04
    EXTENSIONS_FROM = 0x40
    FLAG_END = 0x01
    FLAG_MORE = 0x02

    # docs/WIRE.md §6
    QUANTUM_BYTES = 16376
    FRESH_BYTES = 65536
    FRESH_URGENCY = 1
    BULK_TURN = 8
    SPLIT_BYTES = 1024

    NOTICE_FINISHED = 0
    NOTICE_WRITABLE = 1

# Where the END of a stream rides, once it is known.
cdef enum:
    OPEN, ON_HEAD, ON_DATA, ON_TRAILERS

cdef int64_t CREDIT_MAX = 2147483647


# By type. RESET is a code u16 and up to 256 bytes of reason (2 + 256); GOAWAY a stream id u32
# before that (4 + 2 + 256).
cdef bint[9] WANTS_STREAM = [0, 1, 1, 1, 1, 1, 1, 0, 0]
cdef Py_ssize_t[9] LEAST = [0, 0, 0, 0, 0, 2, 4, 8, 6]
cdef Py_ssize_t[9] MOST = [16376, 16376, 16376, 16376, 16376, 258, 4, 8, 262]


def decode_message(bytes message not None):
    """Split one message into its frames: (type, flags, stream, payload)."""
    # `at` is a view into message, which the caller holds for the whole of this call; every read
    # from it is behind a check of what is left.
    cdef const uint8_t *at = <const uint8_t *>PyBytes_AS_STRING(message)
    cdef Py_ssize_t total = PyBytes_GET_SIZE(message)
    cdef Py_ssize_t left = total
    cdef Py_ssize_t length
    cdef unsigned int kind, flags
    cdef uint32_t stream
    cdef list frames = []
    if total < HEADER_BYTES or total > MESSAGE_BYTES:
        raise RemoteProtocolError(f"a message of {total} bytes")
    while left > 0:
        if left < HEADER_BYTES:
            raise RemoteProtocolError(f"a truncated header at byte {total - left}")
        length = at[0] << 8 | at[1]
        kind = at[2]
        flags = at[3]
        stream = (<uint32_t>at[4]) << 24 | (<uint32_t>at[5]) << 16 | at[6] << 8 | at[7]
        if length > left - HEADER_BYTES:
            raise RemoteProtocolError(f"a truncated frame at byte {total - left}")
        if kind < EXTENSIONS_FROM:
            check_shape(kind, stream, length)
        frames.append((kind, flags, stream, (<const char *>at)[HEADER_BYTES:HEADER_BYTES + length]))
        at += HEADER_BYTES + length
        left -= HEADER_BYTES + length
    return frames


def encode_frame(long long type, long long flags, long long stream, bytes payload not None):
    """One frame: its header and its payload of at most 16,376 bytes."""
    cdef Py_ssize_t length = PyBytes_GET_SIZE(payload)
    cdef PyObject *raw
    cdef bytes frame
    cdef bint exists = 0 <= type <= 0xFF and 0 <= flags <= 0xFF and 0 <= stream <= 0xFFFFFFFF
    if length > PAYLOAD_BYTES or not exists:
        raise LocalProtocolError(
            f"a frame of type {type}, stream {stream}, {length} bytes does not exist",
            code="frame-invalid",
        )
    raw = new_bytes(NULL, HEADER_BYTES + length)
    write_header(<uint8_t *>bytes_of(raw), length, <uint8_t>type, <uint8_t>flags, <uint32_t>stream)
    memcpy(bytes_of(raw) + HEADER_BYTES, PyBytes_AS_STRING(payload), <size_t>length)
    frame = <bytes>raw
    Py_DECREF(frame)  # `frame` holds a reference of its own
    return frame


cdef class Outgoing:
    """What one stream has to send."""

    cdef uint32_t stream
    cdef int urgency
    cdef int64_t credit  # body bytes that the peer still allows
    cdef object heads  # deque of encoded frames, before any body
    cdef object pieces  # deque of bytes and memoryviews; kept until they have gone
    cdef Py_ssize_t offset  # bytes of pieces[0] that have gone
    cdef int64_t queued  # body bytes that have not gone
    cdef int64_t sent  # body bytes that have gone
    cdef object trailers  # deque of encoded frames, after all body
    cdef int end  # where END rides: OPEN, ON_HEAD, ON_DATA, ON_TRAILERS
    cdef int64_t deficit
    cdef int64_t notify_at  # once no more is queued: WRITABLE; -1: it is not due
    cdef bint started
    cdef object lane  # the one deque of the scheduler that holds it, or None

    def __cinit__(self, stream, credit, urgency):
        self.stream = stream
        self.credit = credit
        self.urgency = urgency
        self.heads = deque()
        self.pieces = deque()
        self.trailers = deque()
        self.end = OPEN
        self.notify_at = -1

    cdef bint sendable(self) except -1:
        if self.heads:
            return True
        if self.queued:
            return self.credit > 0
        return self.end == ON_DATA or bool(self.trailers)


cdef class Scheduler:
    """All that waits to be sent on one session, and the order in which it goes."""

    cdef int64_t _high_water
    cdef int64_t _low_water
    cdef dict _streams
    cdef object _control
    cdef readonly int64_t control_bytes
    cdef object _heads
    cdef object _fresh
    cdef object _bulk
    cdef int _turn
    cdef list _notices
    cdef readonly int64_t frames_out
    # The message in the making, owned by next_message and valid only inside it.
    cdef uint8_t *_at
    cdef Py_ssize_t _room

    def __init__(self, high_water, low_water):
        self._high_water = high_water
        self._low_water = low_water
        self._streams = {}
        self._control = deque()
        self.control_bytes = 0
        self._heads = deque()
        self._fresh = deque()
        self._bulk = deque()
        self._turn = 0
        self._notices = []
        self.frames_out = 0
        self._at = NULL
        self._room = 0

    def control(self, bytes frame not None, bint front=False):
        """Queue an encoded frame that goes before all heads and bodies; front: before its like."""
        if front:
            self._control.appendleft(frame)
        else:
            self._control.append(frame)
        self.control_bytes += PyBytes_GET_SIZE(frame)

    def open(self, stream, credit, urgency):
        """Begin to send on a stream, with so many body bytes of credit."""
        if stream in self._streams:
            raise LocalProtocolError(f"stream {stream} is open", code="stream-open")
        self._streams[stream] = Outgoing(stream, credit, urgency)

    def head(self, stream, type, bytes payload not None, bint end):
        """Queue a head, in as many parts as it needs. end: nothing follows it."""
        cdef Outgoing out = self._open_for_more(stream)
        out.heads.extend(in_parts(type, stream, payload, FLAG_END if end else 0))
        if end:
            out.end = ON_HEAD
        self._place(out)

    def push(self, stream, data, bint end):
        """Queue body bytes. end: nothing follows them."""
        cdef Outgoing out = self._open_for_more(stream)
        cdef Py_ssize_t size
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

    def trailers(self, stream, bytes payload not None):
        """Queue trailers, in as many parts as they need. Nothing follows them."""
        cdef Outgoing out = self._open_for_more(stream)
        out.trailers.extend(in_parts(TRAILERS, stream, payload, 0))
        out.end = ON_TRAILERS
        self._place(out)

    def credit(self, stream, int64_t n):
        """Let n more body bytes go; False if that makes more than 2³¹−1 in all."""
        cdef Outgoing out = self._streams.get(stream)
        if out is None:
            return True
        if out.credit + n > CREDIT_MAX:
            return False
        out.credit += n
        self._place(out)
        return True

    def queued(self, stream):
        """Body bytes of a stream that have not gone yet; 0 if it is not known."""
        cdef Outgoing out = self._streams.get(stream)
        return 0 if out is None else out.queued

    def watch(self, stream, int64_t at):
        """Notify, as WRITABLE, once no more than so many of its body bytes are queued."""
        cdef Outgoing out = self._streams.get(stream)
        if out is not None and out.queued > at:
            out.notify_at = at

    def started(self, stream):
        """Whether any frame of a stream has gone. A stream that is not known has."""
        cdef Outgoing out = self._streams.get(stream)
        return True if out is None else out.started

    def close(self, stream):
        """Forget a stream and all that it still had to send."""
        cdef Outgoing out = self._streams.pop(stream, None)
        if out is not None and out.lane is not None:
            out.lane.remove(out)
            out.lane = None

    def drain_notices(self):
        """What the messages so far brought about, in order: (FINISHED | WRITABLE, stream)."""
        cdef list notices = self._notices
        if notices:
            self._notices = []
        return notices

    def next_message(self):
        """The next message, of 8 to 16,384 bytes, or None if nothing may go."""
        cdef PyObject *raw
        cdef bytes message
        # Every lane holds only streams that can send, so one that is not empty fills a frame.
        if not (self._control or self._heads or self._fresh or self._bulk):
            self._turn = 0
            return None
        raw = new_bytes(NULL, MESSAGE_BYTES)
        self._at = <uint8_t *>bytes_of(raw)
        self._room = MESSAGE_BYTES
        try:
            self._fill()
            if self._room:
                resize_bytes(&raw, MESSAGE_BYTES - self._room)
            message = <bytes>raw
        finally:
            Py_XDECREF(raw)  # `message` holds a reference of its own
            self._at = NULL
            self._room = 0
        return message

    cdef int _fill(self) except -1:
        cdef bytes frame
        if self._heads and (<Outgoing>self._heads[0]).started:
            self._add_head(<Outgoing>self._heads[0])
        while self._control:
            frame = self._control[0]
            if PyBytes_GET_SIZE(frame) > self._room:
                return 0
            self._control.popleft()
            self.control_bytes -= PyBytes_GET_SIZE(frame)
            self._add(frame)
        if self._bulk_is_due():
            self._add_bodies(self._bulk)
        while self._heads:
            if not self._add_head(<Outgoing>self._heads[0]):
                return 0
        self._add_bodies(self._fresh)
        self._add_bodies(self._bulk)
        return 0

    cdef bint _bulk_is_due(self) except -1:
        self._turn = self._turn + 1 if self._bulk else 0
        if self._turn < BULK_TURN:
            return False
        self._turn = 0
        return True

    cdef bint _add_head(self, Outgoing out) except -1:
        cdef bytes frame
        while out.heads:
            frame = out.heads[0]
            if PyBytes_GET_SIZE(frame) > self._room:
                return False
            out.heads.popleft()
            self._add(frame)
            out.started = True
        self._heads.popleft()
        out.lane = None
        if out.end == ON_HEAD:
            self._finish(out)
        else:
            self._place(out)
        return True

    cdef int _add_bodies(self, lane) except -1:
        cdef Outgoing out
        cdef bint added
        cdef bytes frame
        while lane:
            out = lane[0]
            if out.queued:
                added = self._add_data(out)
            elif out.trailers:
                frame = out.trailers[0]
                added = PyBytes_GET_SIZE(frame) <= self._room
                if added:
                    out.trailers.popleft()
                    self._add(frame)
            else:
                added = self._room >= HEADER_BYTES
                if added:
                    self._add_header(0, FLAG_END, out.stream)
                    out.end = ON_TRAILERS
            if not added:
                return 0
            self._leave_or_stay(out, lane)
        return 0

    cdef bint _add_data(self, Outgoing out) except -1:
        cdef int64_t fits = self._room - HEADER_BYTES
        cdef int64_t size
        cdef int flags = 0
        if out.deficit < SPLIT_BYTES:
            out.deficit += QUANTUM_BYTES
        size = min(out.deficit, out.credit, out.queued)
        if size > fits:
            if fits < SPLIT_BYTES:
                return False
            size = fits
        if size == out.queued and out.end == ON_DATA:
            flags = FLAG_END
            out.end = ON_TRAILERS
        self._add_header(size, flags, out.stream)
        self._move(out, size)
        if out.queued <= out.notify_at:
            out.notify_at = -1
            self._notices.append((NOTICE_WRITABLE, out.stream))
        return True

    cdef int _leave_or_stay(self, Outgoing out, lane) except -1:
        cdef bint sendable = out.sendable()
        if sendable and self._lane_of(out) is lane:
            if out.deficit < SPLIT_BYTES:
                lane.rotate(-1)
            return 0
        lane.popleft()
        out.lane = None
        out.deficit = 0
        if sendable:
            self._place(out)
        elif out.end == ON_TRAILERS and not out.queued:
            self._finish(out)
        return 0

    cdef int _finish(self, Outgoing out) except -1:
        del self._streams[out.stream]
        self._notices.append((NOTICE_FINISHED, out.stream))
        return 0

    cdef int _place(self, Outgoing out) except -1:
        if out.lane is None and out.sendable():
            out.lane = self._lane_of(out)
            out.lane.append(out)
        return 0

    cdef object _lane_of(self, Outgoing out):
        if out.heads:
            return self._heads
        if out.urgency <= FRESH_URGENCY or out.sent < FRESH_BYTES:
            return self._fresh
        return self._bulk

    cdef Outgoing _open_for_more(self, stream):
        cdef Outgoing out = self._streams.get(stream)
        if out is None or out.end != OPEN:
            raise LocalProtocolError(f"stream {stream} accepts nothing more", code="stream-ended")
        return out

    cdef int _move(self, Outgoing out, Py_ssize_t size) except -1:
        # Copies size body bytes into the message, straight from the pieces that were pushed.
        cdef object piece
        cdef Py_ssize_t left
        out.queued -= size
        out.sent += size
        out.credit -= size
        out.deficit -= size
        while size:
            piece = out.pieces[0]
            left = len(piece) - out.offset
            if left > size:
                self._copy(piece, out.offset, size)
                out.offset += size
                return 0
            self._copy(piece, out.offset, left)
            out.pieces.popleft()
            out.offset = 0
            size -= left
        return 0

    cdef int _copy(self, piece, Py_ssize_t offset, Py_ssize_t size) except -1:
        cdef Py_buffer view
        if type(piece) is bytes:
            self._write(PyBytes_AS_STRING(piece) + offset, size)
            return 0
        PyObject_GetBuffer(piece, &view, PyBUF_SIMPLE)
        try:
            self._write(<const char *>view.buf + offset, size)
        finally:
            PyBuffer_Release(&view)
        return 0

    cdef int _add(self, bytes frame) except -1:
        self._write(PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame))
        self.frames_out += 1
        return 0

    cdef int _add_header(self, Py_ssize_t length, int flags, uint32_t stream) except -1:
        cdef uint8_t[HEADER_BYTES] header
        write_header(header, length, DATA, <uint8_t>flags, stream)
        self._write(<const char *>header, HEADER_BYTES)
        self.frames_out += 1
        return 0

    cdef int _write(self, const char *source, Py_ssize_t size) except -1:
        # The one place that writes into the message: past its end it does not go.
        if self._at is NULL or size < 0 or size > self._room:
            raise LocalProtocolError(f"{size} bytes into {self._room}", code="message-overflow")
        memcpy(self._at, source, <size_t>size)
        self._at += size
        self._room -= size
        return 0


cdef void write_header(
    uint8_t *to, Py_ssize_t length, uint8_t kind, uint8_t flags, uint32_t stream
) noexcept:
    to[0] = <uint8_t>(length >> 8)
    to[1] = <uint8_t>(length & 0xFF)
    to[2] = kind
    to[3] = flags
    to[4] = <uint8_t>(stream >> 24)
    to[5] = <uint8_t>(stream >> 16 & 0xFF)
    to[6] = <uint8_t>(stream >> 8 & 0xFF)
    to[7] = <uint8_t>(stream & 0xFF)


cdef int check_shape(unsigned int kind, uint32_t stream, Py_ssize_t length) except -1:
    if kind > 8:
        raise RemoteProtocolError(f"a frame of unknown type {kind}")
    if WANTS_STREAM[kind] != (stream != 0):
        raise RemoteProtocolError(f"a frame of type {kind} on stream {stream}")
    if not LEAST[kind] <= length <= MOST[kind]:
        raise RemoteProtocolError(f"a frame of type {kind} with {length} bytes")
    return 0


cdef list in_parts(type, stream, bytes payload, int last_flags):
    cdef Py_ssize_t total = PyBytes_GET_SIZE(payload)
    cdef Py_ssize_t start = 0
    cdef int flags
    cdef list parts = []
    if total <= PAYLOAD_BYTES:
        return [encode_frame(type, last_flags, stream, payload)]
    while start < total:
        flags = FLAG_MORE if start + PAYLOAD_BYTES < total else last_flags
        parts.append(encode_frame(type, flags, stream, payload[start:start + PAYLOAD_BYTES]))
        start += PAYLOAD_BYTES
    return parts
