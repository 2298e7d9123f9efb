# One link: an association over DTLS records, and the one channel that runs on it.

# docs/WIRE.md §1: the channel is negotiated, with this number.
cdef int CHANNEL = 0
cdef uint32_t PPID_BINARY = 53        # RFC 8831 §8
cdef uint32_t PPID_BINARY_EMPTY = 57

# Messages that are kept between the opening of the channel and `attach`. A peer sends HELLO and its
# first requests by then, and no well-behaved peer sends more than a megabyte before a response.
cdef int EARLY_MESSAGES = 64

cdef uint8_t HANDSHAKE_RECORD = 22    # RFC 6347 §4.1
cdef uint8_t APPLICATION_RECORD = 23

# Addresses by which a link is found. A visitor has fewer networks than this, and whoever wants to
# fill the table of a port needs more.
cdef int KNOWN_ADDRESSES = 8

cdef extern from "Python.h" nogil:
    void Py_DecRef(PyObject *o)


cdef void release_bytes(void *owner) noexcept nogil:
    """Whoever calls an association has the GIL: to make sure of it takes longer than this."""
    Py_DecRef(<PyObject *>owner)


cdef bint is_one_record(const uint8_t *data, size_t length) noexcept:
    """Whether a datagram is one record of application data, and nothing else (RFC 6347 §4.1)."""
    return data[0] == APPLICATION_RECORD and length == 13 + (<size_t>data[11] << 8 | data[12]) \
        if length > 13 else False


cdef class Link:
    """See _engine.pyi."""

    def __init__(self, UdpPort port not None, owner, *, bytes seed not None, bint server,
                 int local_port=5000, int peer_port=5000, str controller="bbr"):
        cdef sctp_config config
        cdef channel_terms terms
        cdef int32_t number = CHANNEL
        if len(seed) != 44:
            raise LocalProtocolError("a seed has 44 bytes", code="seed-wrong")
        self.port, self.owner = port, owner
        self.known, self.early = [], []
        self.deadline.owner = <void *>self
        config.is_server = server
        config.local_port, config.peer_port = local_port, peer_port
        config.local_tag = int.from_bytes(seed[0:4], "big") or 1
        config.initial_tsn = int.from_bytes(seed[4:8], "big")
        config.seed = int.from_bytes(seed[8:12], "big")
        memcpy(config.cookie_key, <const char *>seed + 12, 32)
        config.controller = SCTP_BBR if controller == "bbr" else SCTP_CUBIC
        config.receive_buffer_bytes = RECEIVE_BUFFER
        config.send_buffer_bytes = SEND_BUFFER
        config.largest_packet_bytes = LARGEST_PACKET
        config.zero_checksum = True
        config.admits_repeating = True
        self.a = association_new(&config)
        if self.a is NULL:
            raise MemoryError
        terms.unordered = terms.by_peer = False
        terms.retransmissions_max = terms.lifetime_ms = UNLIMITED
        terms.priority = 256
        terms.label_length = terms.protocol_length = 0
        if association_open(self.a, &number, False, &terms, NULL, NULL) != SCTP_OK:
            raise MemoryError
        self.is_low_reported = True
        self.held_up_since = NEVER
        port.links.add(self)  # until `end`: the port's tables refer to it

    def __dealloc__(self):
        association_free(self.a)

    # Where it goes. Only addresses that passed an authenticated check are ever named here.

    def learn(self, str host not None, int port, *, bint confirmed=True):
        cdef endpoint e
        if self.is_closed:
            return
        parse_endpoint(&e, host, port)
        if table_find(&self.port.table, &e) != NULL and (
                not confirmed or table_find(&self.port.table, &e) == <void *>self):
            return
        if (host, port) in self.known:
            self.known.remove((host, port))
        if len(self.known) >= KNOWN_ADDRESSES:
            self.forget(*self.known.pop(0))
        if not table_put(&self.port.table, &e, <void *>self):
            raise MemoryError
        if self.port.shared is not None:
            flows_put(self.port.shared.flows.table, &e, self.port.shared.number, confirmed)
        self.known.append((host, port))

    def forget(self, str host, int port):
        cdef endpoint e
        parse_endpoint(&e, host, port)
        if table_find(&self.port.table, &e) == <void *>self:
            table_remove(&self.port.table, &e)
            if self.port.shared is not None:
                flows_remove(self.port.shared.flows.table, &e, self.port.shared.number)

    def route(self, str local_host not None, str host not None, int port):
        self.learn(host, port)
        parse_endpoint(&self.local, local_host, 0)
        parse_endpoint(&self.peer, host, port)
        self.relay = None
        self.moved()

    def route_through(self, relay, str host not None, int port):
        parse_endpoint(&self.peer, host, port)
        self.relay = relay
        self.moved()

    cdef int moved(self) except -1:
        self.has_route = True
        if self.is_started:
            association_path_changed(self.a, monotonic_now())
            self.touch()
        return 0

    cdef int works(self, usec now) except -1:
        association_path_works(self.a, now)
        self.touch()
        return 0

    # Its life.

    def start(self, Records records not None, Consent consent not None):
        cdef usec now = monotonic_now()
        cdef bytes seed = os.urandom(CONSENT_SEED_BYTES)
        self.records, self.consent = records, consent
        self.is_started = True
        consent_start(&consent.state, seed, now)
        association_connect(self.a, now)
        self.touch()

    def datagram_received(self, bytes data not None):
        """Read a datagram that did not come by the port: through a relay, or before `start`."""
        if data:
            self.receive_record(<const uint8_t *><const char *>data, len(data), monotonic_now())

    def stun_received(self, bytes message not None):
        """Return whether a STUN message that came through the relay was for this link."""
        return bool(
            self.relay is not None
            and self.receive_stun(message, len(message), &self.peer, monotonic_now())
        )

    cdef int send_pending(self) except -1:
        """Send at once what OpenSSL sends by itself: a flight again, or an alert."""
        cdef Py_ssize_t length
        cdef uint8_t *room
        if self.is_started and not self.is_closed:
            room = room_in(self.port)
            length = self.records.pending_into(room, BURST_BYTES) if room is not NULL else 0
            if length > 0:
                self.emit(room, length, length)
        return 0

    def shut(self):
        """End the link: send ABORT to the peer, report nothing to the user, and free its memory."""
        if self.is_closed:
            return
        if self.is_started:
            association_abort(self.a, NULL, 0)
            try:
                transmit(self, monotonic_now())
            except Exception as error:
                self.port.fault("the end of a link", error)
        self.end("", "")

    def stats(self):
        return stats_of_link(self)

    # The channel (link/channel.py).

    @property
    def buffered_bytes(self):
        return association_waiting(self.a)

    def attach(self, user, *, low_water_bytes):
        self.user = user
        self.low_water = low_water_bytes
        while self.early and self.user is user:
            user.message_received(self.early.pop(0))
        if self.is_closed and self.user is not None:
            self.user = None
            user.channel_closed()

    def detach(self):
        self.user = None

    def send(self, bytes message not None):
        cdef Py_ssize_t length = len(message)
        cdef sctp_result result
        if self.is_closed or self.is_closing:
            return
        Py_INCREF(message)
        result = association_send(self.a, CHANNEL, PPID_BINARY, PyBytes_AS_STRING(message), length,
                                  <void *>message, release_bytes)
        if result != SCTP_OK:
            Py_DECREF(message)
            if result == SCTP_NO_MEMORY:
                raise MemoryError
            if result == SCTP_WRONG_STATE or result == SCTP_WRONG_STREAM:
                return  # the other side closed it: `emit_events` is about to report it
            self.port.fault("send", LinkError(f"refused: {<int>result}", code="buffer-full"))
            self.end("send-refused", "the send buffer is full")
            return
        if association_waiting(self.a) > self.low_water:
            self.is_low_reported = False
        self.stir()
        self.touch()

    def belongs_to(self, whom):
        self.whom = None if self.is_closed else whom
        self.stir()

    def flush(self):
        if self.is_dirty and not self.port.is_awake:
            self.port.flush_now()

    def close(self):
        """Send what is queued, then close (RFC 8831 §6.7)."""
        if not self.is_closed and not self.is_closing:
            self.is_closing = True
            association_reset(self.a, CHANNEL)
            self.touch()

    # Inside.

    cdef int touch(self) except -1:
        if not self.is_dirty and not self.is_closed:
            self.is_dirty = True
            self.port.dirty.append(self)
            self.port.flush_soon()
        return 0

    cdef int stir(self) except -1:
        """A message came, or is sent: whoever looks after many links need look at these alone."""
        if not self.is_stirred and self.whom is not None:
            self.is_stirred = True
            self.port.stirred.append(self)
        return 0

    cdef int receive_record(self, const uint8_t *data, size_t length, usec now) except -1:
        if self.is_closed:
            return 0
        if not self.is_started:
            self.owner.handshake_datagram(<bytes>data[:length])
            return 0
        if self.port.is_reading and may_be_held(data, length):
            return hold(self, data, now)
        if self.held is not NULL:
            open_held(self, now)
        self.open_record(data, length, now)
        return 0

    cdef int open_record(self, const uint8_t *data, size_t length, usec now) except -1:
        """Return how many packets were in it; 0 if it is not genuine, or the link has ended."""
        cdef Py_ssize_t size
        cdef int packets = 0
        cdef bint is_alone = is_one_record(data, length)
        if self.is_closed:
            return 0
        self.records.put(data, length)
        while True:
            size = self.records.read(self.port.plain, PLAIN_BYTES)
            if size <= 0:
                break
            packets += 1
            association_receive(self.a, self.port.plain, size, now)
            if association_wants_to_send_now(self.a):
                send_burst(self, now)
            if is_alone:
                size = RECORD_NOTHING  # without a call of OpenSSL that finds that out
                break
        if size == RECORD_NOTHING:
            if not packets:
                self.rejected += 1
                self.send_pending()  # ours again, if it was a flight of the handshake again
                if data[0] == HANDSHAKE_RECORD:
                    for flight in self.owner.flight_repeated():
                        self.emit(<const uint8_t *><const char *>flight, len(flight), len(flight))
        elif size == RECORD_CLOSED:
            self.was_closed = True
            self.end("link-lost", "the other side closed the link")
            return 0
        else:
            self.end("record-failed", "the encryption failed")
            return 0
        if packets:
            consent_received(&self.consent.state, now)
            crowd_turn(&self.port.crowd, <void *>self)
        self.touch()
        return packets

    cdef bint receive_stun(self, const uint8_t *data, size_t length, const endpoint *source,
                           usec now) except -1:
        """Return whether it was about consent on this link's path; then it is handled."""
        cdef stun_message m
        cdef uint8_t *out
        cdef Py_ssize_t size
        if not self.is_started or self.is_closed or not endpoint_equal(source, &self.peer):
            return False
        if not stun_read(data, length, &m):
            return False
        if m.type == STUN_SUCCESS:
            if not self.consent.confirm(&m, now):
                return False
            self.works(now)
            return True
        if m.type != STUN_REQUEST:
            return False
        out = room_in(self.port)
        if out is NULL:
            return True  # as if it were lost on the way
        size = self.consent.respond(&m, source, out)
        if size:
            consent_received(&self.consent.state, now)
            self.post(out, size, size)
        return size > 0

    cdef int wake(self, usec now) except -1:
        """Do what is due. Nothing is if the deadline has moved on meanwhile."""
        cdef uint8_t transaction[STUN_TRANSACTION_BYTES]
        cdef uint8_t *out
        cdef consent_step step
        cdef Py_ssize_t size
        if self.is_closed:
            return 0
        self.touch()  # first: whatever fails here, `transmit` sets the next deadline
        if association_next_timeout(self.a) <= now:
            association_handle_timeout(self.a, now)
        step = consent_handle_timeout(&self.consent.state, now, self.port.again(self, now),
                                      transaction)
        if step == CONSENT_EXPIRED:
            self.end("link-lost", "nobody responds on the path")
            return 0
        out = room_in(self.port) if step == CONSENT_ASK else NULL
        if out is not NULL:
            size = self.consent.ask(transaction, out)
            self.post(out, size, size)
        return 0

    cdef int emit_events(self, usec now) except -1:
        """Report to the user and the owner what has happened since the last time.

        A message that cannot be reported ends the link, since none may come without it.
        """
        cdef event *e
        while not self.is_closed:
            e = association_next_event(self.a)
            if e is NULL:
                return 0
            try:
                self.emit_event(e, now)
            except Exception as error:
                self.end("link-lost", "a message could not be handed over")
                self.port.fault("a link", error)
            finally:
                event_free(e)
        return 0

    cdef int emit_event(self, event *e, usec now) except -1:
        cdef bytes message
        if e.kind == EVENT_MESSAGE:
            if e.stream != CHANNEL:
                return 0
            self.messages_in += 1
            self.port.messages_in += 1
            self.stir()
            message = b""
            if e.ppid == PPID_BINARY:
                message = PyBytes_FromStringAndSize(NULL, e.length)
                event_copy(e, <uint8_t *>PyBytes_AS_STRING(message))
            if self.user is not None:
                self.user.message_received(message)
            elif len(self.early) < EARLY_MESSAGES:
                self.early.append(message)
            else:
                self.close()
        elif e.kind == EVENT_ESTABLISHED:
            self.owner.link_established()
        elif e.kind == EVENT_CHANNEL_CLOSED:
            if e.stream == CHANNEL:
                send_burst(self, now)  # our response to its reset, for which the other side waits
                self.was_closed = True
                self.end("link-lost", "the other side closed the link")
        elif e.kind == EVENT_CLOSED:
            self.was_closed = e.by_peer
            self.end("link-lost", e.code.decode())
        return 0

    cdef int post(self, const uint8_t *data, size_t length, size_t segment) except -1:
        """As `emit`, of what is in the port's room: in a crowd it leaves together with what others
        send in this wake, otherwise with what the links send at this point of it."""
        cdef UdpPort port = self.port
        if self.relay is None and self.has_route and port.is_awake:
            return post(port, &self.local, &self.peer, data, length, segment)
        return self.emit(data, length, segment)

    cdef int emit(self, const uint8_t *data, size_t length, size_t segment) except -1:
        cdef size_t at = 0
        cdef bint pinned
        if self.relay is not None:
            while at < length:
                self.relay(<bytes>data[at:min(at + segment, length)])
                at += segment
        elif self.has_route:
            pinned = not endpoint_is_any(&self.local)
            send_now(self.port, &self.local, &self.peer, data, length, segment)
            if pinned and endpoint_is_any(&self.local):
                self.ask_soon()  # the peer learns from it where we are now
        return 0

    cdef int ask_soon(self) except -1:
        """Ask for consent now, and not only when the time for it has come."""
        if self.is_started and not self.is_closed:
            consent_hasten(&self.consent.state, monotonic_now())
            self.touch()
        return 0

    cdef int end(self, str code, str reason) except -1:
        """End the link, once. code: "" if the owner ended it, and so is not called."""
        cdef object owner = self.owner, user = self.user
        if self.is_closed:
            return 0
        self.is_closed = True
        self.port.links.discard(self)
        deadlines_remove(&self.port.deadlines, &self.deadline)
        for host, port in self.known:
            self.forget(host, port)
        self.known = []
        self.owner = self.user = self.relay = self.whom = None
        if code:
            owner.link_lost(code, reason)
        if user is not None:
            user.channel_closed()
        return 0
