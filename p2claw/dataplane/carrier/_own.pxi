# Records of our own (dtls/), with the keys of a connection that OpenSSL has made and is not needed
# for any more: it takes 76 KB, what is here two contexts of a cipher.

cdef extern from "dtls/libcrypto.h" nogil:
    const char *libcrypto_load(const char *file)
    const void *libcrypto

cdef extern from "dtls/keys.h" nogil:
    cdef enum dtls_suite:
        DTLS_AES_128_GCM_SHA256
        DTLS_AES_256_GCM_SHA384

    cdef struct dtls_secrets:
        dtls_suite suite
        uint8_t master[48]
        uint8_t client_random[32]
        uint8_t server_random[32]

    void dtls_wipe(void *secret, size_t length)

cdef extern from "dtls/aead.h" nogil:
    ctypedef bint c_bool "bool"
    c_bool aead_leave_instructions(c_bool wanted)
    c_bool gcm_is_there()

cdef extern from "dtls/records.h" nogil:
    enum: RECORD_APPLICATION, FOUND_FAILED, RECORD_TEXT_AT

    c_bool dtls_records_continue(dtls_records *records, const dtls_secrets *secrets,
                                 const uint8_t *probe, size_t length)
    void dtls_records_end(dtls_records *records)
    size_t dtls_records_seal(dtls_records *records, int kind, const uint8_t *text, size_t length,
                             uint8_t *record, size_t capacity)
    size_t dtls_records_close(dtls_records *records, uint8_t *record, size_t capacity)
    ptrdiff_t dtls_records_read(dtls_records *records, dtls_datagram *datagram, uint8_t *packet,
                                size_t capacity)

ctypedef void *(*session_of)(void *) noexcept nogil
ctypedef size_t (*copy_secret)(const void *, uint8_t *, size_t) noexcept nogil

cdef session_of SSL_get_session = NULL
cdef copy_secret SSL_SESSION_get_master_key = NULL
cdef copy_secret SSL_get_client_random = NULL
cdef copy_secret SSL_get_server_random = NULL

_SECRET_TYPES = {
    "SSL_get_session": "SSL_SESSION *(*)(SSL *)",
    "SSL_SESSION_get_master_key": "size_t(*)(SSL_SESSION *, unsigned char *, size_t)",
    "SSL_get_client_random": "size_t(*)(SSL *, unsigned char *, size_t)",
    "SSL_get_server_random": "size_t(*)(SSL *, unsigned char *, size_t)",
}

# By the end of the name that OpenSSL has for it.
_SUITES = {
    "AES128-GCM-SHA256": DTLS_AES_128_GCM_SHA256,
    "AES256-GCM-SHA384": DTLS_AES_256_GCM_SHA384,
}


def load_libcrypto():
    """Find AES-GCM in the OpenSSL of Python's own modules. Raises LinkError `openssl-pointers`."""
    global SSL_get_session, SSL_SESSION_get_master_key
    global SSL_get_client_random, SSL_get_server_random
    cdef const char *missing
    cdef bytes file
    found = find_functions(_SECRET_TYPES)
    try:
        import _hashlib
    except ImportError as error:
        message = f"Python is without OpenSSL: {error}"
        raise LinkError(message, code="openssl-pointers") from None
    at = getattr(_hashlib, "__file__", None)
    file = b"" if at is None else os.fsencode(at)
    missing = libcrypto_load(<const char *>file if file else NULL)
    if missing is not NULL:
        message = f"the OpenSSL of Python has no {missing.decode('utf-8', 'replace')}"
        raise LinkError(message, code="openssl-pointers")
    SSL_get_session = <session_of><uintptr_t>found["SSL_get_session"]
    SSL_SESSION_get_master_key = <copy_secret><uintptr_t>found["SSL_SESSION_get_master_key"]
    SSL_get_client_random = <copy_secret><uintptr_t>found["SSL_get_client_random"]
    SSL_get_server_random = <copy_secret><uintptr_t>found["SSL_get_server_random"]


def has_instructions():
    """See _records.pyi."""
    return bool(gcm_is_there())


def leave_instructions(bint wanted):
    """See _records.pyi."""
    return bool(aead_leave_instructions(wanted))


cdef class OwnRecords(Records):
    """See _records.pyi."""

    way = "own"

    def __init__(self, connection):
        cdef dtls_secrets secrets
        cdef uint8_t[PROBE_BYTES] probe
        cdef uint8_t nothing = 0
        cdef Py_ssize_t length
        if libcrypto is NULL or SSL_get_session is NULL:
            load_libcrypto()
        name = connection.get_cipher_name() or ""
        suites = [suite for end, suite in _SUITES.items() if name.endswith(end)]
        if connection.get_protocol_version_name() != "DTLSv1.2" or not suites:
            raise LinkError(f"records of {name} are OpenSSL's", code="records-not-own")
        Records.__init__(self, connection)
        # Nobody gets this record: it shows with which number and nonce OpenSSL would go on.
        length = Records.seal_into(self, &nothing, 1, probe, PROBE_BYTES)
        try:
            secrets.suite = suites[0]
            if length > 0 and read_secrets(&secrets, self.ssl) and dtls_records_continue(
                    &self.own, &secrets, probe, length):
                self.connection, self.ssl = None, NULL  # which is freed as soon as others let it go
                self.incoming = self.outgoing = NULL
                self.sealed = 0
                return
        finally:
            dtls_wipe(&secrets, sizeof(secrets))
        raise LinkError("the keys of the connection are others", code="records-not-own")

    def __dealloc__(self):
        dtls_records_end(&self.own)

    @classmethod
    def after(cls, str suite not None, bytes master not None, bytes client_random not None,
              bytes server_random not None, bytes probe not None):
        cdef OwnRecords made = cls.__new__(cls)
        cdef dtls_secrets secrets
        if libcrypto is NULL:
            load_libcrypto()
        if (len(master), len(client_random), len(server_random)) != (48, 32, 32):
            raise LinkError("secrets have 48, 32 and 32 bytes", code="records-not-own")
        secrets.suite = _SUITES[suite]
        memcpy(secrets.master, <const char *>master, 48)
        memcpy(secrets.client_random, <const char *>client_random, 32)
        memcpy(secrets.server_random, <const char *>server_random, 32)
        if not dtls_records_continue(&made.own, &secrets, <const uint8_t *><const char *>probe,
                                     len(probe)):
            raise LinkError("the keys of the connection are others", code="records-not-own")
        return made

    cdef Py_ssize_t seal_into(self, const uint8_t *packet, Py_ssize_t length,
                              uint8_t *record, Py_ssize_t capacity) except? -3:
        cdef size_t size = dtls_records_seal(&self.own, RECORD_APPLICATION, packet, length, record,
                                             capacity)
        if not size:
            return RECORD_FAILED
        self.sealed += 1
        return size

    cdef uint8_t *text_place(self, uint8_t *record, uint8_t *elsewhere) noexcept:
        return record + RECORD_TEXT_AT

    cdef int put(self, const uint8_t *datagram, Py_ssize_t length) except? -3:
        """Refers to the caller's bytes until the last `read`."""
        self.datagram.data, self.datagram.length = datagram, length
        return 0

    cdef Py_ssize_t read(self, uint8_t *packet, Py_ssize_t capacity) except? -3:
        cdef Py_ssize_t length = dtls_records_read(&self.own, &self.datagram, packet, capacity)
        if length > 0:
            self.opened += 1
        return length

    cdef Py_ssize_t pending_into(self, uint8_t *record, Py_ssize_t capacity) except? -3:
        return 0  # nothing is sent by itself: what repeats the last flight is the link

    def goodbye(self):
        cdef uint8_t[PROBE_BYTES] record
        cdef size_t length = dtls_records_close(&self.own, record, PROBE_BYTES)
        return <bytes>record[:length]


cdef bint read_secrets(dtls_secrets *secrets, void *ssl) noexcept:
    cdef void *session = SSL_get_session(ssl)
    return (session is not NULL
            and SSL_SESSION_get_master_key(session, secrets.master, 48) == 48
            and SSL_get_client_random(ssl, secrets.client_random, 32) == 32
            and SSL_get_server_random(ssl, secrets.server_random, 32) == 32)
