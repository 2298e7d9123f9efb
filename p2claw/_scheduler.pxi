# Whose turn it is to send: fills messages with what the streams of a session have.

FINISHED = 0
WRITABLE = 1

cdef int64_t CREDIT_MAX = 2147483647

# docs/WIRE.md §6
cdef enum:
    QUANTUM_BYTES = 16376
    FRESH_BYTES = 65536
    FRESH_URGENCY = 1
    BULK_TURN = 8
    SPLIT_BYTES = 1024

    NOTICE_FINISHED = 0
    NOTICE_WRITABLE = 1


cdef class Scheduler:
    """Everything that waits to be sent on one session, and the order in which it is sent."""

    cdef int64_t _high_water
    cdef int64_t _low_water
    cdef dict _streams
    cdef object _control  # a deque while anything is in it
    cdef readonly int64_t control_bytes
    # The lanes. No more streams are open at once than may be in a list whose first one is taken.
    cdef list _heads
    cdef list _fresh
    cdef list _bulk
    cdef int _turn
    cdef list _notices
    cdef readonly int64_t frames_out
    cdef Message _message

    def __init__(self, high_water, low_water):
        self._high_water = high_water
        self._low_water = low_water
        self._streams = {}
        self._control = None
        self.control_bytes = 0
        self._heads = []
        self._fresh = []
        self._bulk = []
        self._turn = 0
        self._notices = []
        self.frames_out = 0
        self._message = Message()

    @property
    def is_plain(self):
        """Whether no control frame waits, and no notice."""
        return self._is_plain()

    cdef bint _is_plain(self) noexcept:
        return not self.control_bytes and not self._notices

    def control(self, bytes frame not None, bint front=False):
        """Queue an encoded frame that goes before all heads and bodies; front: before its like."""
        if self._control is None:
            self._control = deque()
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

    def draw(self, stream, Tap tap):
        """Let what a tap has follow what is queued: WRITABLE once it is dry; None: no more."""
        cdef Outgoing out = self._streams.get(stream)
        if out is not None:
            out.tap = tap
            out.notify_at = -1
            if out.lane is not None and not out.sendable():
                self._leave(out)
            self._place(out)

    def whole(self, stream, type, bytes payload not None, list pieces not None):
        """Queue a head and a whole body; returns how many bytes the body has."""
        cdef Outgoing out = self._open_for_more(stream)
        out.heads.extend(in_parts(type, stream, payload, 0))
        for piece in pieces:
            out.pieces.append(piece)
            out.queued += len(<bytes>piece)
        if out.queued > self._high_water:
            out.notify_at = self._low_water
        out.end = ON_DATA
        self._place(out)
        return out.queued

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
            self._leave(out)

    def drain_notices(self):
        """What the messages so far brought about, in order: (FINISHED | WRITABLE, stream)."""
        cdef list notices = self._notices
        if notices:
            self._notices = []
        return notices

    cpdef bytes next_message(self):
        """The next message, of 8 to 16,384 bytes, or None if nothing may go."""
        cdef PyObject *raw
        cdef bytes message
        # Every lane holds only streams that can send, so one that is not empty fills a frame, but
        # for taps that turn out to be dry.
        if not (self._control or self._heads or self._fresh or self._bulk):
            self._turn = 0
            return None
        raw = new_bytes(NULL, MESSAGE_BYTES)
        self._message.begin(<uint8_t *>bytes_of(raw))
        try:
            self._fill()
            if not self._message.frames:
                return None  # a tap was dry
            if self._message.room:
                resize_bytes(&raw, MESSAGE_BYTES - self._message.room)
            message = <bytes>raw
        finally:
            Py_XDECREF(raw)  # `message` holds a reference of its own
            self.frames_out += self._message.frames
            self._message.end()
        return message

    cdef int _fill(self) except -1:
        cdef bytes frame
        if self._heads and (<Outgoing>self._heads[0]).started:
            self._add_head(<Outgoing>self._heads[0])
        while self._control:
            frame = self._control[0]
            if PyBytes_GET_SIZE(frame) > self._message.room:
                return 0
            self._control.popleft()
            self.control_bytes -= PyBytes_GET_SIZE(frame)
            self._message.add(frame)
        self._control = None
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
            if PyBytes_GET_SIZE(frame) > self._message.room:
                return False
            out.heads.pop(0)
            self._message.add(frame)
            out.started = True
        self._heads.pop(0)
        out.lane = None
        if out.end == ON_HEAD:
            self._finish(out)
        else:
            self._place(out)
        return True

    cdef int _add_bodies(self, list lane) except -1:
        cdef Outgoing out
        cdef bint added
        cdef bytes frame
        while lane:
            out = lane[0]
            if out.queued:
                added = self._add_data(out)
            elif out.tap is not None:
                added = self._draw(out)
            elif out.trailers:
                frame = out.trailers[0]
                added = PyBytes_GET_SIZE(frame) <= self._message.room
                if added:
                    out.trailers.pop(0)
                    self._message.add(frame)
            else:
                added = self._message.room >= HEADER_BYTES
                if added:
                    self._message.add_header(0, FLAG_END, out.stream)
                    out.end = ON_TRAILERS
            if not added:
                return 0
            self._leave_or_stay(out, lane)
        return 0

    cdef bint _add_data(self, Outgoing out) except -1:
        cdef int64_t fits = self._message.room - HEADER_BYTES
        cdef int64_t size
        cdef int flags = 0
        if out.deficit < SPLIT_BYTES:
            out.deficit += QUANTUM_BYTES
        size = min(out.deficit, out.credit, out.queued)
        if size > fits:
            if fits < SPLIT_BYTES:
                return False
            size = fits
        if size == out.queued and out.end == ON_DATA and out.tap is None:
            flags = FLAG_END
            out.end = ON_TRAILERS
        self._message.add_header(size, flags, out.stream)
        out.move(size, self._message)
        if out.queued <= out.notify_at:
            out.notify_at = -1
            self._notices.append((NOTICE_WRITABLE, out.stream))
        return True

    cdef bint _draw(self, Outgoing out) except -1:
        cdef Py_ssize_t fits = self._message.room - HEADER_BYTES
        cdef Py_ssize_t size
        if out.deficit < SPLIT_BYTES:
            out.deficit += QUANTUM_BYTES
        size = min(out.deficit, out.credit)
        if size > fits:
            if fits < SPLIT_BYTES:
                return False
            size = fits
        size = self._message.draw(out.tap, size, out.stream)
        out.sent += size
        out.credit -= size
        out.deficit -= size
        if out.tap.is_dry:
            out.tap = None
            self._notices.append((NOTICE_WRITABLE, out.stream))
        return True

    cdef int _leave_or_stay(self, Outgoing out, list lane) except -1:
        cdef bint sendable = out.sendable()
        if sendable and self._lane_of(out) is lane:
            if out.deficit < SPLIT_BYTES:
                lane.append(lane.pop(0))
            return 0
        lane.pop(0)
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

    cdef int _leave(self, Outgoing out) except -1:
        out.lane.remove(out)
        out.lane = None
        out.deficit = 0
        return 0

    cdef int _place(self, Outgoing out) except -1:
        if out.lane is None and out.sendable():
            out.lane = self._lane_of(out)
            out.lane.append(out)
        return 0

    cdef list _lane_of(self, Outgoing out):
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
