# The C of udp/: one socket, who is behind which address, and who wakes when.

from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "usec.h" nogil:
    ctypedef int64_t usec
    int64_t NEVER

cdef extern from "udp/endpoint.h" nogil:
    ctypedef bint c_bool "bool"
    enum: ENDPOINT_TEXT_BYTES

    cdef struct endpoint:
        uint8_t address[16]
        uint16_t port

    c_bool endpoint_equal(const endpoint *a, const endpoint *b)
    c_bool endpoint_is_any(const endpoint *one)
    c_bool endpoint_parse(endpoint *target, const char *host, uint16_t port)
    void endpoint_format(const endpoint *source, char *text)

cdef extern from "udp/table.h" nogil:
    cdef struct table:
        uint32_t count
        uint64_t secret

    void *table_find(const table *t, const endpoint *key)
    c_bool table_put(table *t, const endpoint *key, void *value)
    void table_remove(table *t, const endpoint *key)
    void table_free(table *t)

cdef extern from "<stdatomic.h>" nogil:
    uint32_t atomic_load(const uint32_t *at)
    uint64_t atomic_load_64 "atomic_load" (const uint64_t *at)

cdef extern from "udp/flows.h" nogil:
    enum: FLOW_SLOTS

    cdef struct flows:
        uint32_t key, multiplier, changes
        uint64_t slots[65536]

    uint32_t flow_hash(const flows *all, const endpoint *of)
    int flows_find(flows *all, const endpoint *of)
    c_bool flows_put(flows *all, const endpoint *of, uint16_t place, c_bool is_confirmed)
    void flows_remove(flows *all, const endpoint *of, uint16_t place)
    void flows_clear(flows *all, uint16_t place)

cdef extern from "udp/handed.h" nogil:
    c_bool udp_hand(int fd, const uint8_t *data, size_t length)
    Py_ssize_t udp_handed(int fd, uint8_t *data, size_t capacity)

cdef extern from "udp/deadlines.h" nogil:
    cdef struct deadline:
        usec at
        void *owner
        uint32_t place

    cdef struct deadlines:
        uint32_t count

    c_bool deadlines_set(deadlines *all, deadline *one, usec at)
    void deadlines_remove(deadlines *all, deadline *one)
    usec deadlines_next(const deadlines *all)
    deadline *deadlines_pop(deadlines *all, usec now)
    void deadlines_free(deadlines *all)

cdef extern from "udp/socket.h" nogil:
    cdef struct udp_stats:
        uint64_t datagrams_in, datagrams_out, bytes_in, bytes_out, reads, sends
        uint64_t again, too_large, unreachable, unpinned, read_errors

    cdef struct udp_socket:
        int fd
        c_bool is_v6, has_gro, has_gso
        udp_stats stats

    cdef struct udp_datagram:
        # C names: "from" is a word of Python's
        endpoint source "from"
        endpoint target "to"
        const uint8_t *data
        size_t length, segment

    cdef struct udp_batch:
        pass

    cdef enum udp_result:
        UDP_SENT
        UDP_BLOCKED
        UDP_LOST
        UDP_GONE

    cdef struct udp_outgoing:
        endpoint source "from"
        endpoint target "to"
        const uint8_t *data
        size_t length, segment
        c_bool is_pinned

    enum: UDP_BATCH
    enum: UDP_OUTGOING
    enum: UDP_SEGMENTS
    enum: UDP_TOGETHER_BYTES

    int udp_open(udp_socket *s, uint16_t port, uint16_t *bound)
    int udp_adopt(udp_socket *s, int fd, uint16_t *bound)
    void udp_close(udp_socket *s)
    udp_batch *udp_batch_new()
    void udp_batch_free(udp_batch *batch)
    int udp_receive(udp_socket *s, udp_batch *batch)
    const udp_datagram *udp_received(const udp_batch *batch, int index)
    udp_result udp_send(udp_socket *s, endpoint *source, const endpoint *target,
                        const uint8_t *data, size_t length, size_t segment, size_t *sent)

    void udp_send_near(udp_socket *s, const endpoint *source, const endpoint *target,
                       const uint8_t *data, size_t length, int hops)
    size_t udp_send_many(udp_socket *s, udp_outgoing *all, size_t count, udp_result *result)

cdef extern from "udp/waker.h" nogil:
    cdef struct waker:
        int fd, timer_fd
        usec armed

    enum:
        WAKER_READ
        WAKER_WRITE

    int waker_open(waker *w, int socket)
    void waker_close(waker *w)
    void waker_watch(waker *w, int socket, uint32_t what)
    void waker_set(waker *w, usec at, usec now)
    uint32_t waker_woke(waker *w, usec now)
    usec monotonic_now()
