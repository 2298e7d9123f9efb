# One UDP port: reads in batches, finds the link of each datagram, wakes links in time.

# Reads of UDP_BATCH datagrams in one wake; the loop has other work too.
cdef int READS_AT_ONCE = 4

# If this many bytes came within POLL_INTERVAL, or one link has as many in flight, the port is
# read every POLL_INTERVAL instead of at each datagram. There are fewer wakes then and larger
# batches, which halves the CPU. A small message that comes alone never waits.
cdef uint64_t BUSY_BYTES = 65536
cdef usec POLL_INTERVAL = 500

# If links had as many turns as this per CROWD_COUNT, one wake per CROWD_INTERVAL serves all of
# them. A turn is a run of datagrams and deadlines of one link: a link alone is no crowd, however
# busy, because its pacing is finer than CROWD_INTERVAL. Each datagram of a stranger, and each STUN
# message, is a turn too.
# A crowd that is served so has fewer turns, and stays one while it has CROWD_STAYS.
cdef int CROWD_TURNS = 5
cdef int CROWD_STAYS = 2
cdef usec CROWD_COUNT = 1000
cdef usec CROWD_INTERVAL = 3000

# What a burst of one link of a crowd is worth, as time at its pacing rate. A line of 16 Mbit/s is
# given eight packets at once instead of two.
cdef usec CROWD_LUMP = 6000

# Sixteen packets, one burst, per CROWD_INTERVAL are 60 Mbit/s, and no wake may be late then. So if
# a link sent as many packets as SWIFT_PACKETS in one burst within SWIFT_STAYS, at a higher rate
# than SWIFT_BYTES_PER_S, there is a wake per SWIFT_INTERVAL, and bursts are worth SWIFT_LUMP.
cdef double SWIFT_BYTES_PER_S = 5e6
cdef int SWIFT_PACKETS = 8
cdef usec SWIFT_STAYS = 100000
cdef usec SWIFT_INTERVAL = 1000
cdef usec SWIFT_LUMP = 2500

# Reads of one wake in a crowd. All that came is read before links send, so that each sends once.
cdef int CROWD_READS = 16

# The ufrag of a dial has at least so many characters (docs/WIRE.md §16); others have 4 to 32.
cdef Py_ssize_t LONG_UFRAG = 86

# Checks of silent paths come CONSENT_AGAIN_SOON apart if data waits for the path: at most one per
# SOON_COST on average and SOON_BURST at once, of all links together. That is 400 per second, enough
# for 40 links. If more wait, some of their checks come CONSENT_AGAIN apart.
cdef usec SOON_COST = 2500
cdef usec SOON_BURST = 100000

# How long after ENOBUFS, which no event ends, the send is tried again.
cdef usec BLOCKED_INTERVAL = 1000


cdef class UdpPort:
    """See _engine.pyi."""

    def __cinit__(self, int number=0, *, loop=None):
        self.socket.fd = -1
        self.waker.fd = self.waker.timer_fd = -1

    def __init__(self, int number=0, *, loop=None):
        cdef uint16_t bound = 0
        cdef int error
        if not 0 <= number <= 65535:
            raise LocalProtocolError(f"no port: {number}", code="address-wrong")
        self.loop = loop or asyncio.get_running_loop()
        self.links, self.by_ufrag, self.by_transaction, self.dirty = set(), {}, {}, []
        self.poll_at = NEVER
        self.table.secret = int.from_bytes(os.urandom(8), "little")
        self.plain = <uint8_t *>malloc(PLAIN_BYTES)
        self.sealed = <uint8_t *>malloc(SEALED_BYTES)
        self.batch = udp_batch_new()
        self.outgoing = <udp_outgoing *>malloc(UDP_OUTGOING * sizeof(udp_outgoing))
        if (self.plain is NULL or self.sealed is NULL or self.batch is NULL
                or self.outgoing is NULL):
            raise MemoryError
        error = udp_open(&self.socket, <uint16_t>number, &bound)
        if not error:
            error = waker_open(&self.waker, self.socket.fd)
        if error:
            udp_close(&self.socket)
            raise OSError(error, os.strerror(error))
        self.number = bound
        self.watched = self.waker.fd if self.waker.fd >= 0 else self.socket.fd
        self.loop.add_reader(self.watched, self.wake)

    def __dealloc__(self):
        waker_close(&self.waker)
        udp_close(&self.socket)
        udp_batch_free(self.batch)
        table_free(&self.table)
        deadlines_free(&self.deadlines)
        free(self.plain)
        free(self.sealed)
        free(self.outgoing)

    def close(self):
        cdef Link link
        if self.is_closed:
            return
        self.is_closed = True
        for link in list(self.links):
            try:
                link.shut()
            except Exception as error:
                self.fault("the end of a link", error)
        self.send_posted()
        self.loop.remove_reader(self.watched)
        if self.timer is not None:
            self.timer.cancel()
        waker_close(&self.waker)
        udp_close(&self.socket)

    def lose(self):
        """Called by the loop, after somebody else closed the socket."""
        cdef Link link
        for link in list(self.links):
            try:
                link.end("link-lost", "the UDP port was closed by something else")
            except Exception as error:
                self.fault("the end of a link", error)
        self.close()

    @property
    def is_v4_only(self):
        return not self.socket.is_v6

    # What aioice needs of a socket.

    def send_to(self, bytes data not None, str host not None, int port, str local_host=""):
        cdef endpoint source, target
        memset(&source, 0, sizeof(source))
        if self.socket.fd < 0 or not data:
            return
        parse_endpoint(&target, host, port)
        if local_host:
            parse_endpoint(&source, local_host, 0)
        self.send(&source, &target, <const uint8_t *><const char *>data, len(data), len(data))

    def send_near(self, bytes data not None, str host not None, int port, str local_host not None,
                  int hops):
        cdef endpoint source, target
        parse_endpoint(&target, host, port)
        parse_endpoint(&source, local_host, 0)
        if self.socket.fd >= 0 and not self.is_blocked:
            udp_send_near(&self.socket, &source, &target, <const uint8_t *><const char *>data,
                          len(data), hops)

    def add_ufrag(self, str ufrag not None, receiver):
        self.by_ufrag[ufrag.encode()] = receiver

    def set_unknown(self, receiver):
        self.unknown = receiver

    def remove_ufrag(self, str ufrag not None):
        self.by_ufrag.pop(ufrag.encode(), None)

    def add_transaction(self, bytes transaction not None, receiver):
        self.by_transaction[transaction] = receiver

    def remove_transaction(self, bytes transaction not None):
        self.by_transaction.pop(transaction, None)

    def addresses_changed(self):
        cdef Link link
        for link in self.links:
            link.ask_soon()

    @property
    def datagrams_in(self):
        return self.socket.stats.datagrams_in

    def stats(self):
        return stats_of_port(self)

    # Waking.

    def wake(self):
        """Called by the loop: a datagram or a time has come."""
        cdef usec now = monotonic_now()
        cdef uint32_t ready
        if self.socket.fd < 0:
            return
        self.wakes += 1
        self.is_awake = True
        try:
            ready = waker_woke(&self.waker, now)
            if self.is_blocked and (ready & WAKER_WRITE or now >= self.blocked_until):
                self.unblock()
            if ready & WAKER_READ or (self.is_polling and now >= self.poll_at):
                self.read(now)
            self.wake_links(now)
            self.flush(now)
        finally:
            self.is_awake = False
            self.send_posted()
        self.count(now)
        self.watch(now)

    def flush_now(self):
        """Called by the loop, after links were given something to send."""
        cdef usec now = monotonic_now()
        self.flush_is_soon = False
        if self.socket.fd < 0:
            return
        self.is_awake = True
        try:
            self.flush(now)
        finally:
            self.is_awake = False
            self.send_posted()
        self.watch(now)

    cdef int flush_soon(self) except -1:
        if not self.flush_is_soon and not self.is_awake and not self.is_crowded:
            self.flush_is_soon = True
            self.loop.call_soon(self.flush_now)
        return 0

    cdef int read(self, usec now) except -1:
        cdef int reads, count, i
        cdef uint64_t before = self.socket.stats.bytes_in
        cdef int most = CROWD_READS if self.is_crowded else READS_AT_ONCE
        self.has_more = False
        for reads in range(most):
            count = udp_receive(&self.socket, self.batch)
            for i in range(count):
                self.receive_datagram(udp_received(self.batch, i), now)
            if count < UDP_BATCH:
                break
            if not self.is_crowded:
                self.flush(now)
        else:
            self.has_more = True
        self.counted_bytes += self.socket.stats.bytes_in - before
        if self.counted_bytes >= BUSY_BYTES:
            self.busy_until = now + 2 * POLL_INTERVAL
        return 0

    cdef int count(self, usec now) except -1:
        """Judge by what came since the last count whether one wake may serve many."""
        cdef int least = CROWD_STAYS if self.is_crowded else CROWD_TURNS
        if now - self.counted_at < CROWD_COUNT:
            return 0
        if self.counted_turns * CROWD_COUNT >= least * (now - self.counted_at):
            self.crowded_until = now + 2 * CROWD_INTERVAL
        self.counted_at, self.counted_bytes, self.counted_turns = now, 0, 0
        return 0

    cdef void count_turn(self, const void *link) noexcept:
        if link is not self.last_turn:
            self.last_turn = link
            self.counted_turns += 1

    cdef int receive_datagram(self, const udp_datagram *d, usec now) except -1:
        """Sort by the first byte of each datagram (RFC 7983)."""
        cdef size_t at = 0, length
        cdef const uint8_t *data
        cdef Link link
        cdef void *found
        while at < d.length:
            data = d.data + at
            length = min(d.segment, d.length - at)
            at += length
            if 20 <= data[0] <= 63:
                found = table_find(&self.table, &d.source)
                if found is NULL:
                    self.strangers += 1
                    self.counted_turns += 1
                    continue
                link = <Link>found
                self.count_turn(found)
                try:
                    link.receive_record(data, length, now)
                except Exception as error:
                    self.fault("a datagram", error)
            elif data[0] <= 3:
                self.counted_turns += 1
                try:
                    self.receive_stun(d, data, length, now)
                except Exception as error:
                    self.fault("a STUN message", error)
            else:
                self.strangers += 1
                self.counted_turns += 1
        return 0

    cdef int receive_stun(self, const udp_datagram *d, const uint8_t *data, size_t length,
                          usec now) except -1:
        """Find the receiver: of a response by its transaction, of a check by its first ufrag."""
        cdef bytes message, ufrag
        cdef object receiver = None
        cdef void *found = table_find(&self.table, &d.source)
        if found is not NULL and (<Link>found).receive_stun(data, length, &d.source, now):
            return 0
        if length < 20:
            self.stun_ignored += 1
            return 0
        message = data[:length]
        if data[0] & 1:
            receiver = self.by_transaction.get(message[8:20])
        else:
            ufrag = ufrag_of(data, length)
            receiver = self.by_ufrag.get(ufrag)
            if receiver is None and ufrag is not None and len(ufrag) >= LONG_UFRAG:
                receiver = self.unknown
        if receiver is None:
            self.stun_ignored += 1
            return 0
        receiver.stun_received(message, python_address(&d.source), python_address(&d.target)[0])
        return 0

    cdef int wake_links(self, usec now) except -1:
        cdef deadline *due
        cdef Link link
        while True:
            due = deadlines_pop(&self.deadlines, now)
            if due is NULL:
                return 0
            self.count_turn(due.owner)
            link = <Link>due.owner
            try:
                link.wake(now)
            except Exception as error:
                self.fault("a link", error)

    cdef int flush(self, usec now) except -1:
        cdef Link link
        cdef list dirty
        cdef int rounds
        for rounds in range(2):  # the second for what the first one's users did
            if not self.dirty:
                return 0
            dirty, self.dirty = self.dirty, []
            for link in dirty:
                link.is_dirty = False
                try:
                    link.emit_events(now)
                    transmit(link, now)
                except Exception as error:
                    self.fault("a link", error)
        return 0

    cdef int watch(self, usec now) except -1:
        """Arm the timer, and choose between polling and being woken."""
        cdef usec at
        cdef bint busy = now < self.busy_until
        cdef bint polls
        self.is_crowded = now < self.crowded_until
        polls = busy or self.is_crowded
        if self.socket.fd < 0:
            return 0
        if self.is_polling and now >= self.poll_at or polls and not self.is_polling:
            self.is_polling = polls
            self.poll_at = now + self.pause(now) if polls else NEVER
        if self.dirty:
            self.flush_soon()
        at = self.poll_at if self.is_crowded else min(deadlines_next(&self.deadlines), self.poll_at)
        if self.is_blocked:
            at = min(at, self.blocked_until)
        waker_watch(&self.waker, self.socket.fd, (0 if self.is_polling else WAKER_READ)
                    | (WAKER_WRITE if self.is_blocked else 0))
        if self.waker.fd >= 0:
            waker_set(&self.waker, at)
        else:
            if self.timer is not None:
                self.timer.cancel()
            self.timer = None
            if at != NEVER:
                self.timer = self.loop.call_later(max(at - now, 0) / 1e6, self.wake)
        return 0

    cdef usec pause(self, usec now) noexcept:
        """Until the port is read again. A crowd is served as a whole, however busy one link is.
        What one wake had no room for comes next, after the loop's other work."""
        if not self.is_crowded:
            return POLL_INTERVAL
        if self.has_more:
            return 0
        return SWIFT_INTERVAL if now < self.swift_until else CROWD_INTERVAL

    cdef usec lump(self, usec now) noexcept:
        """What a burst of a link is to be worth at least, in a crowd; otherwise 0."""
        if not self.is_crowded:
            return 0
        return SWIFT_LUMP if now < self.swift_until else CROWD_LUMP

    cdef usec again(self, Link link, usec now) noexcept:
        """How soon the next check of a link follows the one that may be due now."""
        if not association_waits_for_path(link.a) or (
                now < consent_next_timeout(&link.consent.state)):
            return CONSENT_AGAIN
        if self.soon_until >= now + SOON_BURST:
            return CONSENT_AGAIN
        self.soon_until = max(self.soon_until, now) + SOON_COST
        return CONSENT_AGAIN_SOON

    # Sending.

    cdef int send(self, endpoint *source, const endpoint *target, const uint8_t *data,
                  size_t length, size_t segment) except -1:
        cdef size_t sent = 0
        cdef udp_result result
        if self.is_blocked or self.socket.fd < 0:
            return 0  # as if it were lost on the way
        result = udp_send(&self.socket, source, target, data, length, segment, &sent)
        if result == UDP_GONE:
            self.loop.call_soon(self.lose)
        elif result == UDP_BLOCKED:
            self.unsent = data[sent:length]
            self.unsent_segment = segment
            self.unsent_from, self.unsent_to = source[0], target[0]
            self.block()
        return 0

    cdef uint8_t *room(self) except? NULL:
        """Where BURST_BYTES may be written that are sent next; NULL: nowhere, it is blocked."""
        if self.outgoing_count == UDP_OUTGOING or self.sealed_bytes + BURST_BYTES > SEALED_BYTES:
            self.send_posted()
            if self.outgoing_count:
                return NULL
        return self.sealed + self.sealed_bytes

    cdef int post(self, const endpoint *source, const endpoint *target, const uint8_t *data,
                  size_t length, size_t segment) except -1:
        """Send it at the end of this wake, together with others. data: in `room`, where what was
        posted before ends."""
        cdef udp_outgoing *one
        if self.outgoing_count == UDP_OUTGOING:
            self.send_posted()
        if self.outgoing_count == UDP_OUTGOING:
            return 0  # as if it were lost on the way
        one = &self.outgoing[self.outgoing_count]
        one.source, one.target = source[0], target[0]
        one.data, one.length, one.segment = data, length, segment
        one.is_pinned = not endpoint_is_any(source)
        self.outgoing_count += 1
        self.sealed_bytes = data - self.sealed + length
        return 0

    cdef int send_posted(self) except -1:
        """Send what was posted; what the kernel has no room for stays, and blocks."""
        cdef udp_result result
        cdef size_t done, i
        cdef uint64_t unpinned = self.socket.stats.unpinned
        if not self.outgoing_count or self.is_blocked:
            return 0
        done = udp_send_many(&self.socket, self.outgoing, self.outgoing_count, &result)
        if self.socket.stats.unpinned != unpinned:
            for i in range(done):
                if self.outgoing[i].is_pinned and endpoint_is_any(&self.outgoing[i].source):
                    self.unpin(&self.outgoing[i].target)
        if result == UDP_GONE:
            self.loop.call_soon(self.lose)
            done = self.outgoing_count
        self.outgoing_count -= done
        if self.outgoing_count:
            memmove(self.outgoing, self.outgoing + done,
                    self.outgoing_count * sizeof(udp_outgoing))
            self.block()
        else:
            self.sealed_bytes = 0
        return 0

    cdef int unpin(self, const endpoint *peer) except -1:
        """The local address of this link is gone: the system chooses another from now on."""
        cdef void *found = table_find(&self.table, peer)
        cdef Link link
        if found is not NULL:
            link = <Link>found
            memset(&link.local, 0, sizeof(endpoint))
            link.ask_soon()  # the peer learns from it where we are now
        return 0

    cdef int block(self) except -1:
        self.is_blocked = True
        self.blocked_until = monotonic_now() + BLOCKED_INTERVAL
        if not self.is_awake:
            self.watch(monotonic_now())
        return 0

    cdef int unblock(self) except -1:
        cdef bytes unsent = self.unsent
        self.is_blocked = False
        self.unsent = None
        if unsent is not None:
            self.send(&self.unsent_from, &self.unsent_to, <const uint8_t *><const char *>unsent,
                      len(unsent), self.unsent_segment)
        self.send_posted()
        return 0

    cdef int fault(self, str where, object error) except -1:
        """Report a fault of ours or of a user; it ends nothing but what it was about."""
        self.loop.call_exception_handler({"message": f"fault in {where}", "exception": error})
        return 0


cdef bytes ufrag_of(const uint8_t *data, size_t length):
    """The first half of USERNAME (RFC 8445 §7.2.2), or None."""
    cdef size_t at = 20, size
    cdef bytes name
    while at + 4 <= length:
        size = data[at + 2] << 8 | data[at + 3]
        if at + 4 + size > length:
            return None
        if data[at] == 0 and data[at + 1] == 6:
            name = data[at + 4:at + 4 + size]
            return name.partition(b":")[0]
        at += 4 + ((size + 3) & ~<size_t>3)
    return None
