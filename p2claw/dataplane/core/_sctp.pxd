# The C association (sctp/association.h), for the wrapper and for what sends its packets without
# making bytes objects of them.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "sctp/association.h" nogil:
    ctypedef bint c_bool "bool"
    ctypedef int64_t usec
    ctypedef double seconds
    ctypedef void (*release_fn)(void *owner)
    int64_t NEVER

    enum: SHA256_BYTES
    enum: UNLIMITED

    cdef enum sctp_controller:
        SCTP_CUBIC
        SCTP_BBR

    cdef enum sctp_result:
        SCTP_OK
        SCTP_NO_MEMORY
        SCTP_WRONG_STATE
        SCTP_WRONG_STREAM
        SCTP_BUFFER_FULL
        SCTP_WRONG_LENGTH

    cdef enum event_kind:
        EVENT_ESTABLISHED
        EVENT_MESSAGE
        EVENT_CHANNEL_OPEN
        EVENT_CHANNEL_CLOSED
        EVENT_CLOSED

    cdef struct association:
        pass

    cdef struct channel_terms:
        c_bool unordered, by_peer
        uint32_t retransmissions_max, lifetime_ms
        uint16_t priority, label_length, protocol_length

    cdef struct event:
        uint8_t kind
        c_bool unordered, by_peer
        uint16_t stream
        uint32_t ppid
        size_t length
        channel_terms terms
        const char *code
        uint8_t *text

    cdef struct sctp_config:
        c_bool is_server
        uint16_t local_port, peer_port
        uint32_t local_tag, initial_tsn
        uint8_t cookie_key[32]
        uint32_t seed
        uint32_t receive_buffer_bytes, send_buffer_bytes
        uint16_t largest_packet_bytes
        c_bool zero_checksum, admits_repeating
        sctp_controller controller

    cdef struct sctp_stats:
        const char *state
        const char *controller
        uint64_t packets_in, packets_out, bytes_in, bytes_out
        uint64_t payload_in, payload_out
        uint64_t chunks_out, retransmits, lost_chunks, timeouts, tail_probes, abandoned
        uint64_t undone
        uint64_t duplicates_in, dropped_in, repeated_in
        uint64_t bad_checksum, bad_tag, malformed, ignored
        uint64_t window_bytes, in_flight_bytes, waiting_bytes, buffered_in_bytes
        uint32_t peer_window_bytes
        double pacing_bytes_per_s
        usec rtt, rtt_variance, rtt_least, rto
        uint16_t packet_bytes
        uint32_t streams
        c_bool zero_checksum

    association *association_new(const sctp_config *config)
    void association_free(association *a)
    void association_connect(association *a, usec now)
    void association_receive(association *a, const uint8_t *packet, size_t length, usec now)
    void association_begin_burst(association *a, usec now)
    void association_set_least_lump(association *a, usec lump)
    void association_set_share(association *a, uint32_t packets)
    size_t association_write(association *a, uint8_t *packet, size_t capacity, usec now)
    c_bool association_wants_to_send_now(const association *a)
    size_t association_packet_bytes(const association *a)
    usec association_next_timeout(const association *a)
    void association_handle_timeout(association *a, usec now)
    void association_path_works(association *a, usec now)
    void association_path_changed(association *a, usec now)
    c_bool association_waits_for_path(const association *a)
    event *association_next_event(association *a)
    sctp_result association_send(association *a, uint16_t stream, uint32_t ppid, const void *data,
                                 size_t length, void *owner, release_fn release)
    sctp_result association_open(association *a, int32_t *stream, c_bool announce,
                                 const channel_terms *terms, const uint8_t *label,
                                 const uint8_t *protocol)
    sctp_result association_reset(association *a, uint16_t stream)
    sctp_result association_shutdown(association *a, usec now)
    void association_abort(association *a, const uint8_t *reason, size_t length)
    uint64_t association_buffered(association *a)
    uint64_t association_stream_buffered(association *a, uint16_t stream)
    uint64_t association_waiting(const association *a)
    uint64_t association_in_flight(const association *a)
    double association_pacing(const association *a)
    usec association_least_rtt(const association *a)
    c_bool association_is_established(const association *a)
    void association_stats(const association *a, sctp_stats *stats)
    void event_free(event *e)
    void event_copy(const event *e, uint8_t *target)

cdef extern from "sctp/constants.h" nogil:
    enum: RECEIVE_BUFFER "RECEIVE_BUFFER_BYTES"
    enum: SEND_BUFFER "SEND_BUFFER_BYTES"
    enum: LARGEST_PACKET "LARGEST_PACKET_BYTES"
    enum: BASE_PACKET "BASE_PACKET_BYTES"

cdef extern from "bytes/crc32c.h" nogil:
    uint32_t c_crc32c "crc32c"(const uint8_t *data, size_t length)
    uint32_t c_crc32c_by_table "crc32c_by_table"(const uint8_t *data, size_t length)
    const char *c_crc32c_way "crc32c_way"()

cdef class Association:
    cdef association *a       # owned
    cdef seconds epoch        # of the caller's clock; 0 until the first call that names a time
    cdef bint has_epoch
    cdef usec time_of(self, seconds now) except? -1
