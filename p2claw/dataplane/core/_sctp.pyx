"""The SCTP association of sctp/*.c as a Python class: types outside, C inside.

Who owns what: messages given to `send` are referred to until they are acknowledged; packets given
to `receive` are not kept; what comes out is new bytes objects.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.math cimport floor
from libc.string cimport memcpy

from p2claw.errors import LocalProtocolError


SEED_BYTES = 44
DEFAULT_RECEIVE_BUFFER_BYTES = RECEIVE_BUFFER
DEFAULT_SEND_BUFFER_BYTES = SEND_BUFFER
LARGEST_PACKET_BYTES = LARGEST_PACKET
BASE_PACKET_BYTES = BASE_PACKET

# On the C side 0 means "never": its clock starts later than that, wherever the caller's does.
cdef usec START = 1000000

# A message smaller than this is copied: its own object would cost more.
cdef Py_ssize_t COPIED_BYTES = 256


cdef class Established:
    """The handshake is done; what was sent before goes out now."""

    def __repr__(self):
        return "Established()"


@cython.freelist(64)
cdef class MessageReceived:
    """A user message. ppid: RFC 8831 §8; the ones of empty messages are already undone."""

    cdef readonly int stream
    cdef readonly unsigned int ppid
    cdef readonly bytes data

    def __repr__(self):
        return f"MessageReceived(stream={self.stream}, ppid={self.ppid}, {len(self.data)} bytes)"


cdef class ChannelOpened:
    """The peer opened a channel, or acknowledged one of ours (by_peer False, no label)."""

    cdef readonly int stream
    cdef readonly str label
    cdef readonly str protocol
    cdef readonly bint by_peer
    cdef readonly bint ordered
    cdef readonly object max_retransmits
    cdef readonly object max_lifetime_ms
    cdef readonly int priority

    def __repr__(self):
        return f"ChannelOpened(stream={self.stream}, label={self.label!r}, by_peer={self.by_peer})"


cdef class ChannelClosed:
    """Both directions of the stream are reset; its number is free again."""

    cdef readonly int stream

    def __repr__(self):
        return f"ChannelClosed(stream={self.stream})"


cdef class AssociationClosed:
    """The last event. code: shutdown, aborted, no-answer, restarted, or a rule that was broken."""

    cdef readonly str code
    cdef readonly str reason
    cdef readonly bint by_peer

    def __repr__(self):
        return f"AssociationClosed({self.code!r}, {self.reason!r}, by_peer={self.by_peer})"


Event = Established | MessageReceived | ChannelOpened | ChannelClosed | AssociationClosed


cdef void release_object(void *owner) noexcept with gil:
    Py_DECREF(<object>owner)


cdef object limit_of(uint32_t value):
    return None if value == UNLIMITED else value


cdef object python_event(event *e):
    cdef MessageReceived message
    cdef ChannelOpened opened
    cdef ChannelClosed closed
    cdef AssociationClosed ended
    cdef const uint8_t *text
    if e.kind == EVENT_MESSAGE:
        message = MessageReceived.__new__(MessageReceived)
        message.stream = e.stream
        message.ppid = e.ppid
        message.data = PyBytes_FromStringAndSize(NULL, e.length)
        if e.length:
            event_copy(e, <uint8_t *>PyBytes_AS_STRING(message.data))
        return message
    if e.kind == EVENT_CHANNEL_OPEN:
        opened = ChannelOpened.__new__(ChannelOpened)
        text = e.text
        opened.stream = e.stream
        opened.label = text[:e.terms.label_length].decode("utf-8", "replace")
        text += e.terms.label_length
        opened.protocol = text[:e.terms.protocol_length].decode("utf-8", "replace")
        opened.by_peer = e.terms.by_peer
        opened.ordered = not e.terms.unordered
        opened.max_retransmits = limit_of(e.terms.retransmissions_max)
        opened.max_lifetime_ms = limit_of(e.terms.lifetime_ms)
        opened.priority = e.terms.priority
        return opened
    if e.kind == EVENT_CHANNEL_CLOSED:
        closed = ChannelClosed.__new__(ChannelClosed)
        closed.stream = e.stream
        return closed
    if e.kind == EVENT_CLOSED:
        ended = AssociationClosed.__new__(AssociationClosed)
        ended.code = e.code.decode()
        ended.reason = e.text[:e.length].decode("utf-8", "replace")
        ended.by_peer = e.by_peer
        return ended
    return Established.__new__(Established)


cdef int check(sctp_result result, str what) except -1:
    if result == SCTP_OK:
        return 0
    if result == SCTP_NO_MEMORY:
        raise MemoryError
    if result == SCTP_WRONG_STATE:
        raise LocalProtocolError(f"{what}: the association is closed or closing", code="closed")
    if result == SCTP_WRONG_STREAM:
        raise LocalProtocolError(f"{what}: no such stream to use", code="stream-wrong")
    if result == SCTP_BUFFER_FULL:
        raise LocalProtocolError(f"{what}: the send buffer is full", code="buffer-full")
    raise LocalProtocolError(f"{what}: too long, or empty", code="length-wrong")


cdef class Association:
    """See _sctp.pyi."""

    def __cinit__(self, *, bint server, bytes seed, int local_port=5000, int peer_port=5000,
                  str controller="bbr", unsigned int receive_buffer_bytes=RECEIVE_BUFFER,
                  unsigned int send_buffer_bytes=SEND_BUFFER,
                  int largest_packet_bytes=LARGEST_PACKET, bint zero_checksum=True,
                  bint admits_repeating=False):
        cdef sctp_config config
        if len(seed) != SEED_BYTES:
            raise LocalProtocolError(f"a seed has {SEED_BYTES} bytes", code="seed-wrong")
        if controller not in ("bbr", "cubic"):
            raise LocalProtocolError(f"no controller {controller!r}", code="controller-wrong")
        if not BASE_PACKET_BYTES <= largest_packet_bytes <= 65535:
            raise LocalProtocolError("a packet that does not fit", code="length-wrong")
        config.is_server = server
        config.local_port = local_port
        config.peer_port = peer_port
        config.local_tag = int.from_bytes(seed[0:4], "big") or 1
        config.initial_tsn = int.from_bytes(seed[4:8], "big")
        config.seed = int.from_bytes(seed[8:12], "big")
        memcpy(config.cookie_key, <const char *>seed + 12, 32)
        config.controller = SCTP_BBR if controller == "bbr" else SCTP_CUBIC
        config.receive_buffer_bytes = receive_buffer_bytes
        config.send_buffer_bytes = send_buffer_bytes
        config.largest_packet_bytes = largest_packet_bytes
        config.zero_checksum = zero_checksum
        config.admits_repeating = admits_repeating
        self.a = association_new(&config)
        if self.a is NULL:
            raise MemoryError

    def __dealloc__(self):
        association_free(self.a)

    cdef usec time_of(self, seconds now) except? -1:
        if not self.has_epoch:
            self.has_epoch = True
            self.epoch = now
        return START + <usec>floor((now - self.epoch) * 1e6 + 0.5)

    def connect(self, seconds now):
        association_connect(self.a, self.time_of(now))

    def receive(self, const uint8_t[::1] packet not None, seconds now):
        if packet.shape[0]:
            association_receive(self.a, &packet[0], packet.shape[0], self.time_of(now))

    def to_send(self, seconds now):
        cdef usec at = self.time_of(now)
        cdef list packets = []
        cdef size_t capacity, length
        cdef bytes packet
        association_begin_burst(self.a, at)
        while True:
            capacity = association_packet_bytes(self.a)
            packet = PyBytes_FromStringAndSize(NULL, capacity)
            length = association_write(self.a, <uint8_t *>PyBytes_AS_STRING(packet), capacity, at)
            if not length:
                return packets
            packets.append(packet if length == capacity else packet[:length])

    def set_least_lump(self, seconds lump):
        association_set_least_lump(self.a, <usec>(lump * 1e6))

    def set_share(self, uint32_t packets):
        association_set_share(self.a, packets)

    def next_event(self):
        cdef event *e = association_next_event(self.a)
        if e is NULL:
            return None
        try:
            return python_event(e)
        finally:
            event_free(e)

    def next_timeout(self):
        cdef usec at = association_next_timeout(self.a)
        return None if at == NEVER else self.epoch + <double>(at - START) / 1e6

    def handle_timeout(self, seconds now):
        association_handle_timeout(self.a, self.time_of(now))

    def path_works(self, seconds now):
        association_path_works(self.a, self.time_of(now))

    def path_changed(self, seconds now):
        association_path_changed(self.a, self.time_of(now))

    def send(self, int stream, unsigned int ppid, data):
        cdef bytes owned = data if type(data) is bytes else bytes(data)
        cdef Py_ssize_t length = len(owned)
        cdef const char *raw = owned
        if not 0 <= stream <= 65534:
            check(SCTP_WRONG_STREAM, "send")
        if length < COPIED_BYTES:
            check(association_send(self.a, stream, ppid, raw, length, NULL, NULL), "send")
            return
        Py_INCREF(owned)
        cdef sctp_result result = association_send(self.a, stream, ppid, raw, length,
                                                   <void *>owned, release_object)
        if result != SCTP_OK:
            Py_DECREF(owned)
        check(result, "send")

    def open_channel(self, str label="", str protocol="", *, bint ordered=True,
                     max_retransmits=None, max_lifetime_ms=None, int priority=256, stream=None,
                     bint negotiated=False):
        cdef bytes label_bytes = label.encode()
        cdef bytes protocol_bytes = protocol.encode()
        cdef channel_terms terms
        cdef int32_t number = -1 if stream is None else stream
        if len(label_bytes) > 65535 or len(protocol_bytes) > 65535:
            check(SCTP_WRONG_LENGTH, "open_channel")
        if max_retransmits is not None and max_lifetime_ms is not None:
            raise LocalProtocolError("a channel has one limit, not two", code="terms-wrong")
        terms.unordered = not ordered
        terms.by_peer = False
        terms.retransmissions_max = UNLIMITED if max_retransmits is None else max_retransmits
        terms.lifetime_ms = UNLIMITED if max_lifetime_ms is None else max_lifetime_ms
        terms.priority = priority
        terms.label_length = len(label_bytes)
        terms.protocol_length = len(protocol_bytes)
        check(association_open(self.a, &number, not negotiated, &terms,
                               <const uint8_t *><const char *>label_bytes,
                               <const uint8_t *><const char *>protocol_bytes), "open_channel")
        return number

    def reset_stream(self, int stream):
        if not 0 <= stream <= 65534:
            check(SCTP_WRONG_STREAM, "reset_stream")
        check(association_reset(self.a, stream), "reset_stream")

    def shutdown(self, seconds now):
        check(association_shutdown(self.a, self.time_of(now)), "shutdown")

    def abort(self, str reason=""):
        cdef bytes text = reason.encode()
        association_abort(self.a, <const uint8_t *><const char *>text, len(text))

    @property
    def buffered_bytes(self):
        return association_buffered(self.a)

    @property
    def wants_to_send_now(self):
        return bool(association_wants_to_send_now(self.a))

    @property
    def waiting_bytes(self):
        return association_waiting(self.a)

    def stream_buffered_bytes(self, int stream):
        return association_stream_buffered(self.a, stream)

    @property
    def is_established(self):
        return bool(association_is_established(self.a))

    def stats(self):
        cdef sctp_stats s
        association_stats(self.a, &s)
        return {
            "state": s.state.decode(),
            "controller": s.controller.decode(),
            "rtt_ms": s.rtt / 1000,
            "rtt_variance_ms": s.rtt_variance / 1000,
            "rtt_least_ms": s.rtt_least / 1000,
            "rto_ms": s.rto / 1000,
            "cwnd_bytes": s.window_bytes,
            "in_flight_bytes": s.in_flight_bytes,
            "waiting_bytes": s.waiting_bytes,
            "pacing_bytes_per_s": s.pacing_bytes_per_s,
            "peer_window_bytes": s.peer_window_bytes,
            "mtu_bytes": s.packet_bytes,
            "packets_in": s.packets_in,
            "packets_out": s.packets_out,
            "bytes_in": s.bytes_in,
            "bytes_out": s.bytes_out,
            "payload_in_bytes": s.payload_in,
            "payload_out_bytes": s.payload_out,
            "buffered_in_bytes": s.buffered_in_bytes,
            "chunks_out": s.chunks_out,
            "retransmits": s.retransmits,
            "lost_chunks": s.lost_chunks,
            "timeouts": s.timeouts,
            "tail_probes": s.tail_probes,
            "undone_losses": s.undone,
            "abandoned_messages": s.abandoned,
            "duplicates_in": s.duplicates_in,
            "dropped_in": s.dropped_in,
            "repeated_in": s.repeated_in,
            "bad_checksum": s.bad_checksum,
            "bad_tag": s.bad_tag,
            "malformed": s.malformed,
            "ignored": s.ignored,
            "streams": s.streams,
            "zero_checksum": bool(s.zero_checksum),
        }


def crc32c(const uint8_t[::1] data not None):
    return c_crc32c(&data[0] if data.shape[0] else NULL, data.shape[0])


def crc32c_by_table(const uint8_t[::1] data not None):
    return c_crc32c_by_table(&data[0] if data.shape[0] else NULL, data.shape[0])


def crc32c_way():
    return c_crc32c_way().decode()
