# The messages of one session on their way: handed out, and kept until they are acknowledged.


@cython.final
cdef class Outbox:
    """Hands out each message of a scheduler once, and kept ones once more on each link."""

    cdef readonly Scheduler scheduler
    cdef readonly int64_t sent
    cdef readonly int64_t sent_bytes
    cdef int64_t _most_bytes
    cdef int64_t _cost_bytes
    cdef bint _keeps
    cdef list _kept
    cdef Py_ssize_t _first  # of those in the list: the ones before it are acknowledged
    cdef int64_t _kept_bytes
    cdef Py_ssize_t _next  # which of those kept is to be sent next on this link

    def __init__(self, Scheduler scheduler not None, int64_t most_bytes, int64_t cost_bytes):
        self.scheduler = scheduler
        self._most_bytes = most_bytes
        self._cost_bytes = cost_bytes
        self._keeps = True
        self._kept = []

    @property
    def kept(self):
        """How many messages are not acknowledged yet."""
        return len(self._kept) - self._first

    @property
    def is_full(self):
        """Whether to wait for an acknowledgement before more is sent."""
        return self._kept_bytes >= self._most_bytes

    @property
    def is_open(self):
        """Whether a new message may be sent: nothing is to be repeated, and it is not full."""
        return self._may_send()

    @property
    def is_plain(self):
        """Whether nothing but bodies is under way."""
        return self._may_send() and self.scheduler._is_plain()

    def next(self):
        """A new message, which counts as sent; None if nothing may go."""
        cdef bytes message = self.scheduler.next_message()
        if message is not None:
            self._keep(message)
        return message

    def fill(self, channel, int64_t most_bytes):
        """Give new messages to a channel as long as less than so many bytes wait in it."""
        self._fill(channel, most_bytes)

    cdef int _fill(self, channel, int64_t most_bytes) except -1:
        cdef bytes message
        while self._may_send() and channel.buffered_bytes < most_bytes:
            message = self.scheduler.next_message()
            if message is None:
                return 0
            self._keep(message)
            channel.send(message)
        return 0

    def keep(self, bytes message not None):
        """A new message is on its way."""
        self._keep(message)

    def keep_none(self):
        """No message will be acknowledged."""
        self._keeps = False
        self._kept.clear()
        self._kept_bytes = self._first = self._next = 0

    def again(self):
        """The next message that has to be sent once more on this link; None: there is none."""
        if self._next == len(self._kept):
            return None
        self._next += 1
        return self._kept[self._next - 1]

    def acknowledged(self, count not None):
        """The other side has received this many messages; False if it cannot have."""
        cdef int64_t first
        cdef Py_ssize_t at, end
        if not self._keeps:
            return True
        first = self.sent - (len(self._kept) - self._first)
        # As objects: the other side writes any number into eight bytes.
        if not first <= count <= first + self._next - self._first:
            return False
        end = self._first + <Py_ssize_t>(<int64_t>count - first)
        for at in range(self._first, end):
            self._kept_bytes -= PyBytes_GET_SIZE(self._kept[at]) + self._cost_bytes
            self._kept[at] = b""
        self._first = end
        if 2 * end >= len(self._kept):
            del self._kept[:end]
            self._next -= end
            self._first = 0
        return True

    def repeat(self, count not None):
        """The link is another one, on which `again` gives what the other side has not received."""
        self._next = len(self._kept)
        if not self.acknowledged(count):
            return False
        self._next = self._first
        return True

    cdef bint _may_send(self) except -1:
        return self._next == len(self._kept) and self._kept_bytes < self._most_bytes

    cdef int _keep(self, bytes message) except -1:
        self.sent += 1
        self.sent_bytes += PyBytes_GET_SIZE(message)
        if self._keeps:
            self._kept.append(message)
            self._kept_bytes += PyBytes_GET_SIZE(message) + self._cost_bytes
            self._next += 1
        return 0


@cython.final
cdef class Refill:
    """Called when a channel has drained: gives it new messages."""

    cdef Outbox _outbox
    cdef object _channel
    cdef int64_t _most_bytes
    cdef object _look

    def __init__(self, Outbox outbox not None, channel, int64_t most_bytes, look):
        self._outbox = outbox
        self._channel = channel
        self._most_bytes = most_bytes
        self._look = look

    def __call__(self):
        cdef object error = None
        try:
            self._outbox._fill(self._channel, self._most_bytes)
            self._channel.flush()
            if self._outbox._may_send() and self._outbox.scheduler._is_plain():
                return
        except Exception as fault:
            error = fault
        self._look(error)
