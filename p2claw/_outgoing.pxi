# What one stream of a session has to send, and the order within the stream.

# With which frame the flag END of a stream goes, once the stream is complete. As soon as the frame
# with END has gone, ON_DATA becomes ON_TRAILERS: nothing more is due.
cdef enum:
    OPEN, ON_HEAD, ON_DATA, ON_TRAILERS


@cython.final
cdef class Outgoing:
    """The head, the body and the trailers of one stream that have not been sent yet."""

    cdef uint32_t stream
    cdef int urgency
    cdef int64_t credit  # body bytes that the peer still allows
    # Lists, because an empty deque takes 760 bytes. A head has few parts.
    cdef list heads  # encoded frames
    cdef list pieces  # of the body: bytes and memoryviews, each kept until it has gone, then None
    cdef Py_ssize_t first  # of the pieces that have not gone
    cdef Py_ssize_t offset  # bytes of pieces[first] that have gone
    cdef int64_t queued  # body bytes that have not gone
    cdef int64_t sent  # body bytes that have gone
    cdef Tap tap  # what follows the pieces, until it is dry; or None
    cdef list trailers  # encoded frames
    cdef int end  # OPEN, ON_HEAD, ON_DATA, ON_TRAILERS
    cdef int64_t deficit  # body bytes that it may still send in this turn
    cdef int64_t notify_at  # WRITABLE is due once no more than this is queued; -1: it is not due
    cdef bint started  # whether any frame has gone
    cdef list lane  # the one lane of the scheduler that holds it, or None

    def __cinit__(self, stream, credit, urgency):
        self.stream = stream
        self.credit = credit
        self.urgency = urgency
        self.heads = []
        self.pieces = []
        self.trailers = []
        self.end = OPEN
        self.notify_at = -1

    cdef bint sendable(self) except -1:
        """Whether there is a frame that may go now."""
        if self.heads:
            return True
        if self.queued or self.tap is not None:
            return self.credit > 0
        return self.end == ON_DATA or bool(self.trailers)

    cdef int move(self, Py_ssize_t size, Message message) except -1:
        """Copy size body bytes into a message, straight from the pieces that were pushed."""
        cdef object piece
        cdef Py_ssize_t left
        self.queued -= size
        self.sent += size
        self.credit -= size
        self.deficit -= size
        while size:
            piece = self.pieces[self.first]
            left = len(piece) - self.offset
            if left > size:
                message.add_payload(piece, self.offset, size)
                self.offset += size
                break
            message.add_payload(piece, self.offset, left)
            self.pieces[self.first] = None
            self.first += 1
            self.offset = 0
            size -= left
        if 2 * self.first >= len(self.pieces):
            del self.pieces[:self.first]
            self.first = 0
        return 0
