"""DTLS records on a finished handshake: OpenSSL through plain pointers, with no Python per packet.

The pointers are those of cryptography's own OpenSSL, which made the connection. Its names are
private, so each has to have the type that is expected; `records.py` tries them out before any link
relies on them. `SlowRecords` does the same by pyOpenSSL's methods, `OwnRecords` without OpenSSL's
connection.
"""

from libc.stddef cimport ptrdiff_t, size_t
from libc.stdint cimport uint8_t, uintptr_t
from libc.string cimport memcpy

import os

from OpenSSL import SSL

from p2claw.errors import LinkError

ctypedef int (*ssl_transfer)(void *, void *, int) noexcept nogil
ctypedef int (*ssl_error)(void *, int) noexcept nogil
ctypedef void (*clear_errors)() noexcept nogil
ctypedef unsigned long (*peek_error)() noexcept nogil

cdef ssl_transfer SSL_read = NULL
cdef ssl_transfer SSL_write = NULL
cdef ssl_transfer BIO_read = NULL
cdef ssl_transfer BIO_write = NULL
cdef ssl_error SSL_get_error = NULL
cdef clear_errors ERR_clear_error = NULL
cdef peek_error ERR_peek_error = NULL

# openssl/ssl.h
cdef enum:
    SSL_ERROR_SSL = 1
    SSL_ERROR_WANT_READ = 2
    SSL_ERROR_ZERO_RETURN = 6

RECORD_OVERHEAD_BYTES = RECORD_ADDED
# Of a packet; nonce and tag stand there too until it has proved genuine.
cdef Py_ssize_t PLAINTEXT_BYTES = 16384 + RECORD_OVERHEAD_BYTES
# Of a record of a byte or an alert, with whatever suite.
cdef enum: PROBE_BYTES = 128

_TYPES = {
    "SSL_read": "int(*)(SSL *, void *, int)",
    "SSL_write": "int(*)(SSL *, void *, int)",
    "BIO_read": "int(*)(BIO *, void *, int)",
    "BIO_write": "int(*)(BIO *, void *, int)",
    "SSL_get_error": "int(*)(SSL *, int)",
    "ERR_clear_error": "void(*)()",
    "ERR_peek_error": "unsigned long(*)()",
}


cdef dict find_functions(dict types):
    """The addresses of functions of cryptography's OpenSSL. Raises LinkError `openssl-pointers`."""
    cdef dict found = {}
    try:
        from cryptography.hazmat.bindings._rust import _openssl

        for name, wanted in types.items():
            pointer = _openssl.ffi.addressof(_openssl.lib, name)
            kind = _openssl.ffi.typeof(pointer).cname
            if kind != wanted:
                raise LinkError(f"{name} is {kind}, not {wanted}", code="openssl-pointers")
            found[name] = int(_openssl.ffi.cast("uintptr_t", pointer))
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        message = f"cryptography shows no OpenSSL: {error}"
        raise LinkError(message, code="openssl-pointers") from None
    return found


def load_pointers():
    """Find the functions. Raises LinkError `openssl-pointers` if one is missing or another."""
    global SSL_read, SSL_write, BIO_read, BIO_write, SSL_get_error, ERR_clear_error
    global ERR_peek_error
    found = find_functions(_TYPES)
    SSL_read = <ssl_transfer><uintptr_t>found["SSL_read"]
    SSL_write = <ssl_transfer><uintptr_t>found["SSL_write"]
    BIO_read = <ssl_transfer><uintptr_t>found["BIO_read"]
    BIO_write = <ssl_transfer><uintptr_t>found["BIO_write"]
    SSL_get_error = <ssl_error><uintptr_t>found["SSL_get_error"]
    ERR_clear_error = <clear_errors><uintptr_t>found["ERR_clear_error"]
    ERR_peek_error = <peek_error><uintptr_t>found["ERR_peek_error"]


cdef void *address_of(object ffi, object pointer) except NULL:
    cdef uintptr_t address = int(ffi.cast("uintptr_t", pointer))
    if not address:
        raise LinkError("the connection has no OpenSSL object", code="openssl-pointers")
    return <void *>address


cdef class Records:
    """See _records.pyi."""

    way = "pointers"

    def __init__(self, connection):
        from cryptography.hazmat.bindings._rust import _openssl

        if SSL_read is NULL:
            load_pointers()
        self.connection = connection
        self.ssl = address_of(_openssl.ffi, connection._ssl)
        self.incoming = address_of(_openssl.ffi, connection._into_ssl)
        self.outgoing = address_of(_openssl.ffi, connection._from_ssl)

    cdef Py_ssize_t seal_into(self, const uint8_t *packet, Py_ssize_t length,
                              uint8_t *record, Py_ssize_t capacity) except? -3:
        """One record of one packet; its length, or RECORD_FAILED."""
        if SSL_write(self.ssl, <void *>packet, <int>length) <= 0:
            ERR_clear_error()
            return RECORD_FAILED
        self.sealed += 1
        return BIO_read(self.outgoing, record, <int>capacity)

    cdef uint8_t *text_place(self, uint8_t *record, uint8_t *elsewhere) noexcept:
        """Where a packet is best written that `seal_into` makes this record of."""
        return elsewhere

    cdef int put(self, const uint8_t *datagram, Py_ssize_t length) except? -3:
        """Hand a datagram in; then `read` until there is none."""
        if ERR_peek_error():  # to clear what is empty is an eighth of reading a SACK
            ERR_clear_error()  # errors that others left behind would count as this connection's
        return BIO_write(self.incoming, <void *>datagram, <int>length)

    cdef Py_ssize_t read(self, uint8_t *packet, Py_ssize_t capacity) except? -3:
        """The next packet of the datagram: its length, or one of RECORD_…"""
        cdef int length = SSL_read(self.ssl, packet, <int>capacity)
        cdef int error
        if length > 0:
            self.opened += 1
            return length
        error = SSL_get_error(self.ssl, length)
        ERR_clear_error()
        if error == SSL_ERROR_WANT_READ:
            return RECORD_NOTHING
        return RECORD_CLOSED if error == SSL_ERROR_ZERO_RETURN else RECORD_FAILED

    cdef Py_ssize_t pending_into(self, uint8_t *record, Py_ssize_t capacity) except? -3:
        """Write what OpenSSL sends by itself (a flight again, an alert): its length, or 0."""
        cdef int length = BIO_read(self.outgoing, record, <int>capacity)
        return length if length > 0 else 0

    def goodbye(self):
        try:
            self.connection.shutdown()
            return self.connection.bio_read(PROBE_BYTES)
        except SSL.Error:
            return b""

    def seal(self, bytes packet not None):
        cdef bytearray record = bytearray(len(packet) + RECORD_OVERHEAD_BYTES)
        cdef uint8_t[::1] room = record
        cdef Py_ssize_t length = self.seal_into(
            <const uint8_t *><const char *>packet, len(packet), &room[0], len(record)
        )
        if length <= 0:
            raise LinkError("OpenSSL did not encrypt", code="record-failed")
        return bytes(record[:length])

    def open(self, bytes datagram not None):
        cdef list packets = []
        cdef bytearray packet = bytearray(PLAINTEXT_BYTES)
        cdef uint8_t[::1] room = packet
        cdef Py_ssize_t length
        self.put(<const uint8_t *><const char *>datagram, len(datagram))
        while True:
            length = self.read(&room[0], PLAINTEXT_BYTES)
            if length <= 0:
                break
            packets.append(bytes(packet[:length]))
        if length == RECORD_CLOSED:
            raise LinkError("the other side closed the connection", code="link-lost")
        if length == RECORD_FAILED:
            raise LinkError("OpenSSL refuses the connection", code="record-failed")
        return packets


cdef class SlowRecords(Records):
    """The same through pyOpenSSL."""

    way = "pyopenssl"

    def __init__(self, connection):
        self.connection = connection

    cdef Py_ssize_t seal_into(self, const uint8_t *packet, Py_ssize_t length,
                              uint8_t *record, Py_ssize_t capacity) except? -3:
        try:
            self.connection.send(packet[:length])
        except SSL.Error:
            return RECORD_FAILED
        self.sealed += 1
        return self.pending_into(record, capacity)

    cdef int put(self, const uint8_t *datagram, Py_ssize_t length) except? -3:
        return self.connection.bio_write(datagram[:length]) if length else 0

    cdef Py_ssize_t read(self, uint8_t *packet, Py_ssize_t capacity) except? -3:
        cdef bytes plain
        try:
            plain = self.connection.recv(capacity)
        except SSL.WantReadError:
            return RECORD_NOTHING
        except SSL.ZeroReturnError:
            return RECORD_CLOSED
        except SSL.Error:
            return RECORD_FAILED
        self.opened += 1
        memcpy(packet, <const char *>plain, len(plain))
        return len(plain)

    cdef Py_ssize_t pending_into(self, uint8_t *record, Py_ssize_t capacity) except? -3:
        cdef bytes waiting
        try:
            waiting = self.connection.bio_read(capacity)
        except SSL.WantReadError:
            return 0
        memcpy(record, <const char *>waiting, len(waiting))
        return len(waiting)


include "_own.pxi"
