# Consent of one link (RFC 7675): responds to the peer's checks and sends our own.
# What is not of this link's path, or is a check that ICE must decide about, is left to aioice.


cdef class Consent:
    """Who the two sides are. local_name, remote_name: USERNAME as it comes, and as it goes."""

    def __init__(self, *, str local_ufrag not None, str local_password not None,
                 str remote_ufrag not None, str remote_password not None, bint controlling,
                 uint64_t tie_breaker, uint32_t priority):
        self.local_name = f"{local_ufrag}:{remote_ufrag}".encode()
        self.remote_name = f"{remote_ufrag}:{local_ufrag}".encode()
        self.local_password = local_password.encode()
        self.remote_password = remote_password.encode()
        self.is_controlling, self.tie_breaker, self.priority = controlling, tie_breaker, priority
        self.rtt = NEVER

    cdef Py_ssize_t respond(self, const stun_message *m, const endpoint *source,
                            uint8_t *out) except -1:
        """Write the response to a check and return its length; 0 if it is not for here."""
        cdef stun_address mapped
        cdef stun_role ours = STUN_CONTROLLING if self.is_controlling else STUN_CONTROLLED
        cdef bytes name = m.username[:m.username_length] if m.username is not NULL else b""
        if name != self.local_name or m.unknown_count or m.role == ours:
            return 0
        if not stun_verify(m, self.local_password, len(self.local_password)):
            return 0
        memcpy(mapped.address, source.address, 16)
        mapped.port = source.port
        return stun_write_success(out, STUN_SUCCESS_BYTES, m.transaction, &mapped,
                                  self.local_password, len(self.local_password))

    cdef bint confirm(self, const stun_message *m, usec now) except -1:
        """Whether this is the response to a check of ours."""
        cdef usec rtt = NEVER
        if not stun_verify(m, self.remote_password, len(self.remote_password)):
            return False
        if not consent_confirmed(&self.state, m.transaction, now, &rtt):
            return False
        if rtt != NEVER:
            self.rtt = rtt
        return True

    cdef Py_ssize_t ask(self, const uint8_t *transaction, uint8_t *out) except -1:
        """Write a check and return its length. The side in control nominates again, as browsers do:
        after its address has changed, that is what makes the other side follow."""
        return stun_write_request(out, STUN_REQUEST_BYTES, transaction, self.remote_name,
                                  len(self.remote_name), self.priority, self.is_controlling,
                                  self.tie_breaker, self.is_controlling,
                                  self.remote_password, len(self.remote_password))
