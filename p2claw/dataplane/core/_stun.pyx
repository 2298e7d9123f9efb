"""STUN of an established link (stun/*.c) as Python: for tests and measurements.

What carries links includes the C headers itself. What comes out here is new objects; a Message
keeps the datagram that it was read from.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.string cimport memcpy

from p2claw.errors import LocalProtocolError


SUCCESS_BYTES = STUN_SUCCESS_BYTES
ERROR_BYTES = STUN_ERROR_BYTES
REQUEST_BYTES = STUN_REQUEST_BYTES
UNKNOWN_KEPT = STUN_UNKNOWN_KEPT

SEED_BYTES = CONSENT_SEED_BYTES
STATE_BYTES = sizeof(consent)
INTERVAL_US = CONSENT_INTERVAL
QUIET_LEAST_US = CONSENT_QUIET_LEAST
QUIET_MOST_US = CONSENT_QUIET_MOST
AGAIN_US = CONSENT_AGAIN
AGAIN_SOON_US = CONSENT_AGAIN_SOON
PATIENCE_US = CONSENT_PATIENCE
EXPIRY_US = CONSENT_EXPIRY
STILL_US = CONSENT_STILL
GRID_US = CONSENT_GRID

TYPES = {
    STUN_REQUEST: "request",
    STUN_INDICATION: "indication",
    STUN_SUCCESS: "success",
    STUN_ERROR: "error",
}


cdef inline const uint8_t *raw(bytes data) noexcept:
    """NULL for None: not signed."""
    return NULL if data is None else <uint8_t *>PyBytes_AS_STRING(data)


cdef inline size_t size_of(bytes data) noexcept:
    return 0 if data is None else len(data)


cdef int address_from(stun_address *mapped, bytes address, int port) except -1:
    if len(address) != 16 or not 0 <= port <= 65535:
        raise LocalProtocolError("an address has 16 bytes and a port", code="address-wrong")
    memcpy(mapped.address, raw(address), 16)
    mapped.port = port
    return 0


cdef int check_transaction(bytes transaction) except -1:
    if len(transaction) != STUN_TRANSACTION_BYTES:
        raise LocalProtocolError(f"a transaction has {STUN_TRANSACTION_BYTES} bytes",
                                 code="transaction-wrong")
    return 0


cdef object written(bytes out, size_t length):
    return out[:length] if length else None


cdef class Message:
    """See _stun.pyi."""

    cdef stun_message m
    cdef bytes data

    @property
    def type(self):
        return TYPES[self.m.type]

    @property
    def transaction(self):
        return self.m.transaction[:STUN_TRANSACTION_BYTES]

    @property
    def username(self):
        return None if self.m.username is NULL else self.m.username[:self.m.username_length]

    @property
    def has_integrity(self):
        return bool(self.m.has_integrity)

    @property
    def has_fingerprint(self):
        return bool(self.m.has_fingerprint)

    @property
    def use_candidate(self):
        return bool(self.m.use_candidate)

    @property
    def priority(self):
        return self.m.priority if self.m.has_priority else None

    @property
    def role(self):
        if self.m.role == STUN_NO_ROLE:
            return None
        return "controlling" if self.m.role == STUN_CONTROLLING else "controlled"

    @property
    def tie_breaker(self):
        return None if self.m.role == STUN_NO_ROLE else self.m.tie_breaker

    @property
    def mapped(self):
        if not self.m.has_mapped:
            return None
        return self.m.mapped.address[:16], self.m.mapped.port

    @property
    def error_code(self):
        return self.m.error_code or None

    @property
    def unknown(self):
        return tuple(self.m.unknown[i] for i in range(min(self.m.unknown_count, UNKNOWN_KEPT)))

    @property
    def unknown_count(self):
        return self.m.unknown_count

    def verify(self, bytes key not None):
        return bool(stun_verify(&self.m, raw(key), len(key)))


def read(bytes data not None):
    cdef Message message = Message.__new__(Message)
    message.data = data
    return message if stun_read(raw(data), len(data), &message.m) else None


def write_success(bytes transaction not None, bytes address not None, int port, bytes key, *,
                  size_t capacity=STUN_SUCCESS_BYTES):
    cdef bytes out = PyBytes_FromStringAndSize(NULL, capacity)
    cdef stun_address mapped
    check_transaction(transaction)
    address_from(&mapped, address, port)
    return written(out, stun_write_success(<uint8_t *>PyBytes_AS_STRING(out), capacity,
                                           raw(transaction), &mapped, raw(key), size_of(key)))


def write_error(Message request not None, int code, bytes key, *,
                size_t capacity=STUN_ERROR_BYTES):
    cdef bytes out = PyBytes_FromStringAndSize(NULL, capacity)
    return written(out, stun_write_error(<uint8_t *>PyBytes_AS_STRING(out), capacity, &request.m,
                                         <stun_code>code, raw(key), size_of(key)))


def write_request(bytes transaction not None, bytes username not None, uint32_t priority, *,
                  bint controlling, uint64_t tie_breaker, bint use_candidate, bytes key,
                  size_t capacity=STUN_REQUEST_BYTES):
    cdef bytes out = PyBytes_FromStringAndSize(NULL, capacity)
    check_transaction(transaction)
    return written(out, stun_write_request(<uint8_t *>PyBytes_AS_STRING(out), capacity,
                                           raw(transaction), PyBytes_AS_STRING(username),
                                           len(username), priority, controlling, tie_breaker,
                                           use_candidate, raw(key), size_of(key)))


def respond(bytes data not None, bytes key not None, bytes address not None, int port):
    cdef stun_message m
    cdef stun_address mapped
    cdef uint8_t out[STUN_SUCCESS_BYTES]
    cdef size_t length
    if not stun_read(raw(data), len(data), &m) or m.type != STUN_REQUEST:
        return None
    if not stun_verify(&m, raw(key), len(key)):
        return None
    address_from(&mapped, address, port)
    length = stun_write_success(out, sizeof(out), m.transaction, &mapped, raw(key), len(key))
    return out[:length]


class ConsentExpired(Exception):
    """See _stun.pyi."""


cdef class Consent:
    """See _stun.pyi."""

    cdef consent c

    def __cinit__(self, bytes seed not None, usec now):
        if len(seed) != CONSENT_SEED_BYTES:
            raise LocalProtocolError(f"a seed has {SEED_BYTES} bytes", code="seed-wrong")
        consent_start(&self.c, raw(seed), now)

    def next_timeout(self):
        cdef usec at = consent_next_timeout(&self.c)
        return None if at == NEVER else at

    def handle_timeout(self, usec now, usec again=CONSENT_AGAIN):
        cdef uint8_t transaction[STUN_TRANSACTION_BYTES]
        cdef consent_step step = consent_handle_timeout(&self.c, now, again, transaction)
        if step == CONSENT_EXPIRED:
            raise ConsentExpired
        return transaction[:STUN_TRANSACTION_BYTES] if step == CONSENT_ASK else None

    def confirmed(self, bytes transaction not None, usec now):
        cdef usec rtt = NEVER
        check_transaction(transaction)
        if not consent_confirmed(&self.c, raw(transaction), now, &rtt):
            return False, None
        return True, None if rtt == NEVER else rtt

    def received(self, usec now):
        consent_received(&self.c, now)

    def unconfirmed(self, usec now):
        return consent_unconfirmed(&self.c, now)


def hmac(bytes key not None, *pieces):
    cdef hmac_sha1 h
    cdef uint8_t mac[SHA1_BYTES]
    cdef bytes piece
    hmac_sha1_start(&h, raw(key), len(key))
    for piece in pieces:
        hmac_sha1_add(&h, raw(piece), len(piece))
    hmac_sha1_finish(&h, mac)
    return mac[:SHA1_BYTES]


def crc32(bytes data not None):
    return crc32_ieee(raw(data), len(data))
