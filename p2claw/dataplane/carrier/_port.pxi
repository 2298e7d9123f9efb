# One UDP port: reads in batches, wakes links in time.

# Reads of UDP_BATCH datagrams in one wake; the loop has other work too.
cdef int READS_AT_ONCE = 2

# Reads of one wake in a crowd. All that came is read before links send, so that each sends once.
cdef int CROWD_READS = 4

# A wake that comes so long after a deadline is one of a process that got no processor, or stood
# still. Before it lets timers judge others, it reads what they sent meanwhile: up to as many small
# datagrams as the receive buffer holds, 4 MiB / 768 = 5,461.
cdef usec LATE = 50000
cdef int LATE_READS = 171

# If this many bytes came within POLL_INTERVAL, or one link has as many in flight, the port is
# read every POLL_INTERVAL instead of at each datagram. There are fewer wakes then and larger
# batches, which halves the CPU. A small message that comes alone never waits.
cdef uint64_t BUSY_BYTES = 65536
cdef usec POLL_INTERVAL = 500

# Checks of silent paths come CONSENT_AGAIN_SOON apart if data waits for the path: at most one per
# SOON_COST on average and SOON_BURST at once, of all links together. That is 400 per second, enough
# for 40 links. If more wait, some of their checks come CONSENT_AGAIN apart.
cdef usec SOON_COST = 2500
cdef usec SOON_BURST = 100000


cdef class UdpPort:
    """See _engine.pyi."""

    def __cinit__(self, int number=0, *, loop=None, place=None):
        self.socket.fd = -1
        self.waker.fd = self.waker.timer_fd = -1

    def __init__(self, int number=0, *, loop=None, Place place=None):
        cdef uint16_t bound = 0
        cdef int error
        if not 0 <= number <= 65535:
            raise LocalProtocolError(f"no port: {number}", code="address-wrong")
        self.loop = loop or asyncio.get_running_loop()
        self.links, self.by_ufrag, self.by_transaction, self.dirty = set(), {}, {}, []
        self.stirred, self.turns = [], []
        self.poll_at = NEVER
        self.table.secret = int.from_bytes(os.urandom(8), "little")
        self.plain = <uint8_t *>malloc(PLAIN_BYTES)
        self.sealed = <uint8_t *>malloc(SEALED_BYTES)
        self.batch = udp_batch_new()
        self.outgoing = <udp_outgoing *>malloc(UDP_OUTGOING * sizeof(udp_outgoing))
        if (self.plain is NULL or self.sealed is NULL or self.batch is NULL
                or self.outgoing is NULL):
            raise MemoryError
        self.shared = place
        if place is None:
            error = udp_open(&self.socket, <uint16_t>number, &bound)
        else:
            error = udp_adopt(&self.socket, place.socket, &bound)
        if not error:
            error = waker_open(&self.waker, self.socket.fd)
        if error:
            udp_close(&self.socket)
            raise OSError(error, os.strerror(error))
        self.number = bound
        self.watched = self.waker.fd if self.waker.fd >= 0 else self.socket.fd
        self.loop.add_reader(self.watched, self.wake)
        if place is not None:
            self.loop.add_reader(place.own, self.wake_for_handed)

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
        self.turns = []
        send_posted(self)
        self.loop.remove_reader(self.watched)
        if self.shared is not None:
            self.loop.remove_reader(self.shared.own)
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
        send_now(self, &source, &target, <const uint8_t *><const char *>data, len(data), len(data))

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

    def take_stirred(self):
        cdef Link link
        cdef list stirred = self.stirred
        self.stirred = []
        for link in stirred:
            link.is_stirred = False
        return [link.whom for link in stirred if link.whom is not None]

    @property
    def place(self):
        return None if self.shared is None else self.shared.number

    @property
    def datagrams_in(self):
        cdef uint64_t arrived = 0 if self.shared is None else self.shared.arrived
        return self.socket.stats.datagrams_in + arrived

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
                unblock(self)
            if ready & WAKER_READ or (self.is_polling and now >= self.poll_at):
                now = self.read(now)
            self.wake_links(now)
            turns_begin(self)
            self.flush(now)
        finally:
            self.is_awake = False
            send_posted(self)
            if self.shared is not None:
                self.shared.send_all()
        self.judge(now)
        self.watch(now)

    def wake_for_handed(self):
        """Called by the loop: another process has handed datagrams over. In a crowd they wait for
        the wake that serves all."""
        cdef usec now = monotonic_now()
        if self.socket.fd < 0:
            return
        self.wakes += 1
        self.is_awake = True
        try:
            self.shared.receive(self, now)
            if not self.crowd.is_on:
                self.flush(now)
        finally:
            self.is_awake = False
            send_posted(self)
        self.judge(now)
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
            send_posted(self)
        self.watch(now)

    cdef int flush_soon(self) except -1:
        if not self.flush_is_soon and not self.is_awake and not self.crowd.is_on:
            self.flush_is_soon = True
            self.loop.call_soon(self.flush_now)
        return 0

    cdef usec read(self, usec now) except -1:
        """Read what came, or a part that leaves time for the loop's other work. Return what time it
        is then. What is sent between two reads, and what responds to it, are not of one time: a
        round trip of none would be the least ever measured."""
        cdef int reads, count, i
        cdef uint64_t before = self.socket.stats.bytes_in
        cdef int most = CROWD_READS if self.crowd.is_on else READS_AT_ONCE
        if now - min(self.poll_at, deadlines_next(&self.deadlines)) > LATE:
            most = LATE_READS
            if self.shared is not None:
                self.shared.receive(self, now)
        self.has_more, self.was_read = False, True
        for reads in range(most):
            count = udp_receive(&self.socket, self.batch)
            self.is_reading = True
            for i in range(count):
                receive_datagram(self, udp_received(self.batch, i), now, False)
            self.is_reading = False
            if count < UDP_BATCH:
                break
            if not self.crowd.is_on:
                self.release_held(now)
                self.flush(now)
            now = monotonic_now()
        else:
            self.has_more = True
        self.release_held(now)
        self.counted_bytes += self.socket.stats.bytes_in - before
        if self.counted_bytes >= BUSY_BYTES:
            self.busy_until = now + 2 * POLL_INTERVAL
        return now

    cdef int judge(self, usec now) except -1:
        if crowd_count(&self.crowd, now):
            self.counted_bytes = 0
            if self.crowd.is_beset:
                self.busy_until = now + 2 * POLL_INTERVAL
        return 0

    cdef int release_held(self, usec now) except -1:
        cdef Link link
        for link in self.dirty:
            if link.held is not NULL:
                try:
                    open_held(link, now)
                except Exception as error:
                    self.fault("a datagram", error)
        self.held_count = 0
        return 0

    cdef int wake_links(self, usec now) except -1:
        cdef deadline *due
        cdef Link link
        while True:
            due = deadlines_pop(&self.deadlines, now)
            if due is NULL:
                return 0
            crowd_turn(&self.crowd, due.owner)
            link = <Link>due.owner
            try:
                link.wake(now)
            except Exception as error:
                self.fault("a link", error)

    cdef int flush(self, usec now) except -1:
        cdef Link link
        cdef list dirty
        cdef int rounds
        if self.turns:
            serve_turns(self, now)
        for rounds in range(2):  # the second for what the first one's users did
            if not self.dirty:
                break
            dirty, self.dirty = self.dirty, []
            for link in dirty:
                link.is_dirty = False
                try:
                    link.emit_events(now)
                    if not waits_for_turn(link):
                        transmit(link, now)
                except Exception as error:
                    self.fault("a link", error)
        if not self.crowd.is_on:
            send_posted(self)
        return 0

    cdef int watch(self, usec now) except -1:
        """Arm the timer, and choose between polling and being woken."""
        cdef usec at
        cdef bint is_bulk = now < self.bulk_until
        cdef bint polls
        self.crowd.is_on = now < self.crowd.until
        polls = now < self.busy_until or is_bulk or self.crowd.is_on
        if self.socket.fd < 0:
            return 0
        if self.is_polling and self.was_read or polls and not self.is_polling:
            self.is_polling = polls
            self.poll_at = now + self.pause(now) if polls else NEVER
        if self.dirty or self.turns:
            self.flush_soon()
        self.was_read = False
        at = self.poll_at
        if not self.crowd.is_on and not is_bulk:
            at = min(at, deadlines_next(&self.deadlines))
        if self.is_blocked:
            at = min(at, self.blocked_until)
        waker_watch(&self.waker, self.socket.fd, (0 if self.is_polling else WAKER_READ)
                    | (WAKER_WRITE if self.is_blocked else 0))
        if self.waker.fd >= 0:
            waker_set(&self.waker, at, now)
        else:
            if self.timer is not None:
                self.timer.cancel()
            self.timer = None
            if at != NEVER:
                self.timer = self.loop.call_later(max(at - now, 0) / 1e6, self.wake)
        return 0

    cdef usec pause(self, usec now) noexcept:
        """Until the port is read again. What one wake of a crowd had no room for comes next, after
        the loop's other work."""
        if self.crowd.is_on:
            return 0 if self.has_more or self.turns else crowd_interval(&self.crowd, now)
        return self.bulk_interval if now < self.bulk_until else POLL_INTERVAL

    cdef usec again(self, Link link, usec now) noexcept:
        """How soon the next check of a link follows the one that may be due now."""
        if not association_waits_for_path(link.a) or (
                now < consent_next_timeout(&link.consent.state)):
            return CONSENT_AGAIN
        if self.soon_until >= now + SOON_BURST:
            return CONSENT_AGAIN
        self.soon_until = max(self.soon_until, now) + SOON_COST
        return CONSENT_AGAIN_SOON

    cdef int fault(self, str where, object error) except -1:
        """Report a fault of ours or of a user; it ends nothing but what it was about."""
        self.loop.call_exception_handler({"message": f"fault in {where}", "exception": error})
        return 0
