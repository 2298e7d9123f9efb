# STUN messages and consent (stun/message.h, stun/consent.h), for the wrapper and for the
# carrier, which responds without making bytes objects.

from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "stun/message.h" nogil:
    ctypedef bint c_bool "bool"

    enum: STUN_TRANSACTION_BYTES
    enum: STUN_SUCCESS_BYTES
    enum: STUN_ERROR_BYTES
    enum: STUN_REQUEST_BYTES
    enum: STUN_UNKNOWN_KEPT

    cdef enum stun_type:
        STUN_REQUEST
        STUN_INDICATION
        STUN_SUCCESS
        STUN_ERROR

    cdef enum stun_role:
        STUN_NO_ROLE
        STUN_CONTROLLED
        STUN_CONTROLLING

    cdef enum stun_code:
        pass

    cdef struct stun_address:
        uint8_t address[16]
        uint16_t port

    cdef struct stun_message:
        stun_type type
        const uint8_t *transaction
        const uint8_t *username
        size_t username_length
        c_bool has_integrity
        c_bool has_fingerprint
        c_bool has_priority
        c_bool has_mapped
        c_bool use_candidate
        uint32_t priority
        stun_role role
        uint64_t tie_breaker
        stun_address mapped
        uint16_t error_code
        uint32_t unknown_count
        uint16_t unknown[STUN_UNKNOWN_KEPT]

    c_bool stun_read(const uint8_t *data, size_t length, stun_message *m)
    c_bool stun_verify(const stun_message *m, const uint8_t *key, size_t key_length)
    size_t stun_write_success(uint8_t *out, size_t capacity, const uint8_t *transaction,
                              const stun_address *mapped, const uint8_t *key, size_t key_length)
    size_t stun_write_error(uint8_t *out, size_t capacity, const stun_message *request,
                            stun_code code, const uint8_t *key, size_t key_length)
    size_t stun_write_request(uint8_t *out, size_t capacity, const uint8_t *transaction,
                              const char *username, size_t username_length, uint32_t priority,
                              c_bool controlling, uint64_t tie_breaker, c_bool use_candidate,
                              const uint8_t *key, size_t key_length)

cdef extern from "stun/consent.h" nogil:
    ctypedef int64_t usec
    int64_t NEVER

    enum: CONSENT_SEED_BYTES
    int64_t CONSENT_INTERVAL
    int64_t CONSENT_QUIET_LEAST
    int64_t CONSENT_QUIET_MOST
    int64_t CONSENT_AGAIN
    int64_t CONSENT_AGAIN_SOON
    int64_t CONSENT_PATIENCE
    int64_t CONSENT_EXPIRY
    int64_t CONSENT_STILL
    int64_t CONSENT_GRID

    cdef struct consent:
        pass

    cdef enum consent_step:
        CONSENT_WAIT
        CONSENT_ASK
        CONSENT_EXPIRED

    void consent_start(consent *c, const uint8_t *seed, usec now)
    usec consent_next_timeout(const consent *c)
    consent_step consent_handle_timeout(consent *c, usec now, usec again, uint8_t *transaction)
    c_bool consent_confirmed(consent *c, const uint8_t *transaction, usec now, usec *rtt)
    void consent_received(consent *c, usec now)
    void consent_hasten(consent *c, usec now)
    usec consent_unconfirmed(const consent *c, usec now)

cdef extern from "bytes/sha1.h" nogil:
    enum: SHA1_BYTES

    cdef struct hmac_sha1:
        pass

    void hmac_sha1_start(hmac_sha1 *h, const uint8_t *key, size_t key_length)
    void hmac_sha1_add(hmac_sha1 *h, const uint8_t *data, size_t length)
    void hmac_sha1_finish(hmac_sha1 *h, uint8_t *mac)

cdef extern from "bytes/crc32.h" nogil:
    uint32_t crc32_ieee(const uint8_t *data, size_t length)
