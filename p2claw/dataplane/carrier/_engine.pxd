from libc.stdint cimport uint8_t, uint32_t, uint64_t

from p2claw.dataplane.carrier._records cimport Records
from p2claw.dataplane.core._sctp cimport association, event
from p2claw.dataplane.core._stun cimport consent, stun_message
from p2claw.dataplane.carrier._udp cimport (
    deadline, deadlines, endpoint, flows, table, udp_batch, udp_datagram, udp_outgoing, udp_socket,
    usec, waker,
)

cdef class Link
cdef class UdpPort


cdef class Flows:
    cdef object memory, view  # the mapping, and what keeps it
    cdef flows *table


cdef class Outbox:
    cdef int fd
    cdef uint8_t *data
    cdef size_t length
    cdef uint32_t count


cdef class Place:
    cdef readonly int number
    cdef int socket, own      # of datagrams, and of what is handed over to here: the port's
    cdef Flows flows
    cdef list outboxes        # by place; None at our own
    cdef uint8_t *inbox
    cdef usec checks_until
    cdef readonly uint64_t out, arrived, lost, refused

    cdef bint has(self, int place) noexcept
    cdef bint hand_flow(self, const udp_datagram *d, const uint8_t *data, size_t length) except -1
    cdef bint hand_check(self, int place, const udp_datagram *d, const uint8_t *data,
                         size_t length, usec now) except -1
    cdef int hand(self, int place, const udp_datagram *d, const uint8_t *data, size_t length,
                  size_t segment) except -1
    cdef int send_all(self) except -1
    cdef int send(self, Outbox box) except -1
    cdef int receive(self, UdpPort port, usec now) except -1


# A SACK without gaps and duplicates, alone in its packet, in a record of AES-GCM:
# 12 (header of SCTP) + 16 (RFC 9260 §3.3.4) + 37 (record). No DATA is as small as this: a chunk of
# it has 20 bytes at least. What else is as large (a HEARTBEAT, a response to a reset) comes again
# if it is lost.
cdef enum: SACK_RECORD_BYTES = 65
# Of all links of a port, until the newest of each was verified, so that whoever forges a newer one
# suppresses none of these: as many as two reads bring.
cdef enum: HELD_RECORDS = 128


cdef struct held_record:
    held_record *before       # of the same link, or NULL
    uint8_t[SACK_RECORD_BYTES] record


cdef struct crowd:
    bint is_on                # one wake serves many links
    bint is_beset             # many datagrams of no link came in the last count
    usec counted_at, until, swift_until, near_until
    int turns, strangers      # since the last count
    const void *last_turn     # whose it was: a link, only compared


cdef class UdpPort:
    cdef udp_socket socket
    cdef Place shared         # with other processes; or None
    cdef udp_batch *batch
    cdef waker waker
    cdef table table          # endpoint → Link, borrowed: a link removes itself
    cdef deadlines deadlines
    cdef object loop
    cdef set links            # that have not ended
    cdef object watched       # the descriptor that the loop watches
    cdef object timer         # of the loop, where the system has no fine one
    cdef dict by_ufrag, by_transaction
    cdef object unknown       # receives checks whose long ufrag nobody has
    cdef list turns           # links that wait for theirs (_turns.pxi)
    cdef int room, share      # packets: what this wake may still send, and a link of it at once
    cdef list dirty           # links with events to emit or packets to send
    cdef list stirred         # links that belong to somebody, with messages since `take_stirred`
    cdef held_record[HELD_RECORDS] held  # of this read; those of one link are a chain
    cdef int held_count
    cdef readonly int number
    cdef readonly uint64_t wakes, strangers, stun_ignored, messages_in
    cdef bint is_awake, flush_is_soon, is_polling, is_blocked, is_closed
    cdef bint is_reading      # and so records may be held
    cdef bint has_more        # than one wake reads came to the socket
    cdef bint was_read        # since the time of the next read was chosen
    cdef usec poll_at, blocked_until, busy_until, soon_until
    cdef uint64_t counted_bytes  # since the last count of the crowd
    cdef crowd crowd
    cdef usec bulk_until, bulk_interval  # until when a link sends much (_bulk.pxi)
    cdef bytes unsent         # what the kernel had no room for, and where it goes
    cdef size_t unsent_segment
    cdef endpoint unsent_from, unsent_to
    cdef uint8_t *plain
    cdef uint8_t *sealed
    cdef size_t sealed_bytes  # of it that are in `outgoing`
    cdef udp_outgoing *outgoing
    cdef size_t outgoing_count

    cdef usec read(self, usec now) except -1
    cdef int judge(self, usec now) except -1
    cdef int release_held(self, usec now) except -1
    cdef int wake_links(self, usec now) except -1
    cdef int flush(self, usec now) except -1
    cdef int flush_soon(self) except -1
    cdef int watch(self, usec now) except -1
    cdef usec pause(self, usec now) noexcept
    cdef usec again(self, Link link, usec now) noexcept
    cdef int fault(self, str where, object error) except -1


cdef class Consent:
    cdef consent state
    cdef bytes local_name, remote_name, local_password, remote_password
    cdef bint is_controlling
    cdef uint64_t tie_breaker
    cdef uint32_t priority
    cdef usec rtt             # NEVER: not measured

    cdef Py_ssize_t respond(self, const stun_message *m, const endpoint *source,
                            uint8_t *out) except -1
    cdef bint confirm(self, const stun_message *m, usec now) except -1
    cdef Py_ssize_t ask(self, const uint8_t *transaction, uint8_t *out) except -1


cdef class Link:
    cdef UdpPort port
    cdef Consent consent
    cdef association *a
    cdef Records records
    cdef object owner, user, relay
    cdef object whom          # it belongs to, as `take_stirred` names it; or None
    cdef endpoint local, peer
    cdef deadline deadline
    cdef list known           # the (host, port) that this link is found by
    cdef list early           # messages before there was a user
    cdef uint64_t low_water
    cdef usec held_up_since   # it has had more to send than may leave, in all wakes; or NEVER
    cdef bint has_route, is_started, is_dirty, is_low_reported, is_closing, is_closed
    cdef bint has_turn        # and so it is in the port's list of those that wait for theirs
    cdef bint is_stirred      # and so in the port's list
    cdef held_record *held    # of this read, the last that came (_held.pxi); or NULL
    cdef readonly uint64_t rejected, messages_in, superseded
    cdef readonly bint was_closed  # by the other side

    cdef int moved(self) except -1
    cdef int works(self, usec now) except -1
    cdef int touch(self) except -1
    cdef int stir(self) except -1
    cdef int receive_record(self, const uint8_t *data, size_t length, usec now) except -1
    cdef int open_record(self, const uint8_t *data, size_t length, usec now) except -1
    cdef bint receive_stun(self, const uint8_t *data, size_t length, const endpoint *source,
                           usec now) except -1
    cdef int send_pending(self) except -1
    cdef int ask_soon(self) except -1
    cdef int wake(self, usec now) except -1
    cdef int emit_events(self, usec now) except -1
    cdef int emit_event(self, event *e, usec now) except -1
    cdef int post(self, const uint8_t *data, size_t length, size_t segment) except -1
    cdef int emit(self, const uint8_t *data, size_t length, size_t segment) except -1
    cdef int end(self, str code, str reason) except -1
