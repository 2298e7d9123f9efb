# One message while it is being filled.


@cython.final
cdef class Message:
    """The bytes of one message and the room that is left. A scheduler uses one for all of them."""

    # Owned by Scheduler.next_message, and valid only inside it; at other times NULL.
    cdef uint8_t *at
    cdef Py_ssize_t room
    cdef int frames

    cdef void begin(self, uint8_t *at) noexcept:
        self.at = at
        self.room = MESSAGE_BYTES
        self.frames = 0

    cdef void end(self) noexcept:
        self.at = NULL
        self.room = 0

    cdef int add(self, bytes frame) except -1:
        """Add a whole frame, header and payload."""
        self.write(PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame))
        self.frames += 1
        return 0

    cdef int add_header(self, Py_ssize_t length, int flags, uint32_t stream) except -1:
        """Add the header of a DATA frame whose payload follows by `add_payload`."""
        cdef uint8_t[HEADER_BYTES] header
        write_header(header, length, DATA, <uint8_t>flags, stream)
        self.write(<const char *>header, HEADER_BYTES)
        self.frames += 1
        return 0

    cdef int add_payload(self, piece, Py_ssize_t offset, Py_ssize_t size) except -1:
        """Copy size bytes of a piece, from offset on, as the payload of the last header."""
        cdef Py_buffer view
        if type(piece) is bytes:
            self.write(PyBytes_AS_STRING(piece) + offset, size)
            return 0
        PyObject_GetBuffer(piece, &view, PyBUF_SIMPLE)
        try:
            self.write(<const char *>view.buf + offset, size)
        finally:
            PyBuffer_Release(&view)
        return 0

    cdef Py_ssize_t draw(self, Tap tap, Py_ssize_t most, uint32_t stream) except -1:
        """Add a DATA frame of up to most bytes of a tap, if it has any; returns how many."""
        cdef Py_ssize_t size
        if self.at is NULL or most < 0 or HEADER_BYTES + most > self.room:
            raise LocalProtocolError(f"{most} bytes into {self.room}", code="message-overflow")
        size = tap.read(self.at + HEADER_BYTES, most)
        if size:
            self.add_header(size, 0, stream)
            self.at += size
            self.room -= size
        return size

    cdef int write(self, const char *source, Py_ssize_t size) except -1:
        # The one place that writes into the message: past its end it does not go.
        if self.at is NULL or size < 0 or size > self.room:
            raise LocalProtocolError(f"{size} bytes into {self.room}", code="message-overflow")
        memcpy(self.at, source, <size_t>size)
        self.at += size
        self.room -= size
        return 0
