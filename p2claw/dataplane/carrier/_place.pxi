# One port that several processes share: each reads from a socket of its own, and hands over to the
# others what is theirs. Who has which visitor is in `udp/flows.h`; which socket gets a datagram is
# decided by the kernel (agent/workers/steering.py), so that what is handed over here is the rest.

# What is handed over in one wake leaves in one message, of at most so many bytes: the kernel keeps
# ten messages for a process (net.unix.max_dgram_qlen), and drops what comes on top of them.
cdef size_t HAND_BYTES = 131072
cdef int HANDS_AT_ONCE = 4

# Checks of strangers that are handed over: one per CHECK_COST on average, CHECK_BURST at once. The
# kernel steers those of browsers, and anybody can send others.
cdef usec CHECK_COST = 1000
cdef usec CHECK_BURST = 256000

# The characters of a ufrag (RFC 8445 §5.3), in the order of base64.
cdef bytes ICE_CHARS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


cdef class Flows:
    """See _engine.pyi."""

    def __init__(self, int fd):
        cdef uint8_t[::1] view
        self.memory = mmap.mmap(fd, sizeof(flows))
        view = self.memory
        self.table = <flows *>&view[0]
        self.view = view
        if not self.table.multiplier:
            self.table.key = int.from_bytes(os.urandom(4), "little")
            self.table.multiplier = int.from_bytes(os.urandom(4), "little") | 1

    @classmethod
    def new(cls):
        cdef int fd = os.memfd_create("p2claw-flows")
        os.ftruncate(fd, sizeof(flows))
        return fd

    @property
    def key(self):
        return self.table.key

    @property
    def multiplier(self):
        return self.table.multiplier

    @property
    def changes(self):
        return atomic_load(&self.table.changes)

    def listed(self):
        cdef list found = []
        cdef uint64_t slot
        cdef uint32_t i
        for i in range(<uint32_t>FLOW_SLOTS):
            slot = atomic_load_64(&self.table.slots[i])
            if slot:
                found.append((<uint32_t>(slot >> 32), <int>(slot & 0xffff) - 1))
        return found

    def hash(self, str host not None, int port):
        cdef endpoint e
        parse_endpoint(&e, host, port)
        return flow_hash(self.table, &e)

    def find(self, str host not None, int port):
        cdef endpoint e
        parse_endpoint(&e, host, port)
        return flows_find(self.table, &e)

    def put(self, str host not None, int port, int place, *, bint confirmed=True):
        cdef endpoint e
        parse_endpoint(&e, host, port)
        return bool(flows_put(self.table, &e, place, confirmed))

    def remove(self, str host not None, int port, int place):
        cdef endpoint e
        parse_endpoint(&e, host, port)
        flows_remove(self.table, &e, place)

    def clear(self, int place):
        flows_clear(self.table, place)


cdef struct handed:
    endpoint source, target
    uint32_t length, segment


cdef class Outbox:
    """What is about to be handed to one of the others in this wake."""

    def __init__(self, int fd):
        self.fd = fd

    def __dealloc__(self):
        free(self.data)


cdef class Place:
    """See _engine.pyi."""

    def __init__(self, int number, *, int socket, Flows flows not None, int own, others):
        self.number, self.socket, self.flows, self.own = number, socket, flows, own
        self.outboxes = [None if i == number else Outbox(fd) for i, fd in enumerate(others)]
        self.inbox = <uint8_t *>malloc(HAND_BYTES)
        if self.inbox is NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.inbox)

    cdef bint has(self, int place) noexcept:
        """Whether it is the place of another process."""
        return 0 <= place < len(self.outboxes) and place != self.number

    cdef bint hand_flow(self, const udp_datagram *d, const uint8_t *data, size_t length) except -1:
        """Hand over what comes from a visitor of another process; whether it was one."""
        cdef int place = flows_find(self.flows.table, &d.source)
        if not self.has(place):
            return False
        self.hand(place, d, data, length, d.segment)
        return True

    cdef bint hand_check(self, int place, const udp_datagram *d, const uint8_t *data,
                         size_t length, usec now) except -1:
        """Hand over a STUN message that names this place; whether that is another's."""
        if not self.has(place):
            return False
        if flows_find(self.flows.table, &d.source) != place:  # of somebody who is not known
            if self.checks_until >= now + CHECK_BURST:
                self.refused += 1
                return True
            self.checks_until = max(self.checks_until, now) + CHECK_COST
        self.hand(place, d, data, length, length)
        return True

    cdef int hand(self, int place, const udp_datagram *d, const uint8_t *data, size_t length,
                  size_t segment) except -1:
        cdef Outbox box = self.outboxes[place]
        cdef handed head
        if box.data is NULL:
            box.data = <uint8_t *>malloc(HAND_BYTES)
            if box.data is NULL:
                raise MemoryError
        if box.length + sizeof(head) + length > HAND_BYTES:
            self.send(box)
        memset(&head, 0, sizeof(head))
        head.source, head.target = d.source, d.target
        head.length, head.segment = length, segment
        memcpy(box.data + box.length, &head, sizeof(head))
        memcpy(box.data + box.length + sizeof(head), data, length)
        box.length += sizeof(head) + length
        box.count += 1
        return 0

    cdef int send_all(self) except -1:
        cdef Outbox box
        for box in self.outboxes:
            if box is not None and box.length:
                self.send(box)
        return 0

    cdef int send(self, Outbox box) except -1:
        """What the other process has no room for is lost, as on the way."""
        if udp_hand(box.fd, box.data, box.length):
            self.out += box.count
        else:
            self.lost += box.count
        box.length = box.count = 0
        return 0

    cdef int receive(self, UdpPort port, usec now) except -1:
        """Read what the others have handed over. They are not trusted with more than a stranger."""
        cdef Py_ssize_t size, at
        cdef udp_datagram d
        cdef handed head
        cdef int messages
        for messages in range(HANDS_AT_ONCE):
            size = udp_handed(self.own, self.inbox, HAND_BYTES)
            if size <= 0:
                break
            at = 0
            while size - at > <Py_ssize_t>sizeof(head):
                memcpy(&head, self.inbox + at, sizeof(head))
                at += sizeof(head)
                if head.length > <size_t>(size - at) or not head.segment:
                    break
                d.source, d.target = head.source, head.target
                d.data, d.length, d.segment = self.inbox + at, head.length, head.segment
                at += head.length
                self.arrived += 1
                receive_datagram(port, &d, now, True)
        return 0


cdef int place_in(bytes ufrag):
    """The place that a ufrag of ours names, or -1: of a dial (docs/WIRE.md §16), that of the nonce
    of its ticket; of an answer, its second character. The first one of a dial is always A."""
    cdef int at = 1
    if ufrag is None or len(ufrag) < 4:
        return -1
    if ufrag[0] == c"A":
        at = 8
    return ICE_CHARS.find(ufrag[at]) if at < len(ufrag) else -1
