from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint64_t

cdef extern from "dtls/records.h" nogil:
    cdef struct dtls_records:
        uint64_t next

    cdef struct dtls_datagram:
        const uint8_t *data
        size_t length

cdef enum:
    RECORD_NOTHING = 0   # of `open`: no more plaintext in this datagram
    RECORD_CLOSED = -1   # the other side sent close_notify
    RECORD_FAILED = -2   # the connection cannot be used any more

# A record is at most so much longer than what is in it: DTLS 1.2 with AES-GCM 37, CBC suites 77.
cdef enum: RECORD_ADDED = 96

cdef class Records:
    cdef object connection            # keeps the SSL* and its BIOs alive
    cdef void *ssl
    cdef void *incoming
    cdef void *outgoing
    cdef readonly uint64_t sealed, opened

    cdef Py_ssize_t seal_into(self, const uint8_t *packet, Py_ssize_t length,
                              uint8_t *record, Py_ssize_t capacity) except? -3
    cdef uint8_t *text_place(self, uint8_t *record, uint8_t *elsewhere) noexcept
    cdef int put(self, const uint8_t *datagram, Py_ssize_t length) except? -3
    cdef Py_ssize_t read(self, uint8_t *packet, Py_ssize_t capacity) except? -3
    cdef Py_ssize_t pending_into(self, uint8_t *record, Py_ssize_t capacity) except? -3

cdef class SlowRecords(Records):
    pass

cdef class OwnRecords(Records):
    cdef dtls_records own
    cdef dtls_datagram datagram       # the caller's bytes, until `read` has found nothing more
