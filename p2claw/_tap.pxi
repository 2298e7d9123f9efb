# The rest of a body in a descriptor, read straight into the messages that carry it.

cdef extern from "<sys/socket.h>" nogil:
    enum: MSG_DONTWAIT
    ssize_t recv(int descriptor, void *at, size_t most, int flags)

cdef extern from "<unistd.h>" nogil:
    int close_descriptor "close"(int descriptor)


@cython.final
cdef class Tap:
    """What a socket still has of a body, up to so many bytes."""

    cdef int _descriptor  # owned; -1 once closed
    cdef readonly int64_t left
    cdef readonly int64_t drawn
    cdef readonly bint is_dry

    def __cinit__(self, int descriptor, int64_t most_bytes):
        self._descriptor = descriptor
        self.left = most_bytes
        self.is_dry = most_bytes <= 0

    def __dealloc__(self):
        self._close()

    def close(self):
        """Read no more; closes the descriptor."""
        self._close()

    cdef void _close(self) noexcept:
        self.is_dry = True
        if self._descriptor >= 0:
            close_descriptor(self._descriptor)
            self._descriptor = -1

    cdef Py_ssize_t read(self, uint8_t *at, Py_ssize_t most) noexcept:
        """Read up to most bytes, more than none; returns how many. It is dry if none came."""
        cdef ssize_t size = 0
        if not self.is_dry:
            size = recv(self._descriptor, at, <size_t>min(most, self.left), MSG_DONTWAIT)
        if size <= 0:
            self.is_dry = True
            return 0
        self.left -= size
        self.drawn += size
        if not self.left:
            self.is_dry = True
        return size
