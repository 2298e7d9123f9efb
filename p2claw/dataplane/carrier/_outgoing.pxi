# What leaves by a port: at once, or with all else of one wake; and what found no room.

# How long after ENOBUFS, which no event ends, the send is tried again.
cdef usec BLOCKED_INTERVAL = 1000


cdef int send_now(UdpPort port, endpoint *source, const endpoint *target, const uint8_t *data,
                  size_t length, size_t segment) except -1:
    cdef size_t sent = 0
    cdef udp_result result
    if port.is_blocked or port.socket.fd < 0:
        return 0  # as if it were lost on the way
    result = udp_send(&port.socket, source, target, data, length, segment, &sent)
    if result == UDP_GONE:
        port.loop.call_soon(port.lose)
    elif result == UDP_BLOCKED:
        port.unsent = data[sent:length]
        port.unsent_segment = segment
        port.unsent_from, port.unsent_to = source[0], target[0]
        block(port)
    return 0


cdef uint8_t *room_in(UdpPort port) except? NULL:
    """Where BURST_BYTES may be written that are sent next; NULL: nowhere, it is blocked."""
    if port.outgoing_count == UDP_OUTGOING or port.sealed_bytes + BURST_BYTES > SEALED_BYTES:
        send_posted(port)
        if port.outgoing_count:
            return NULL
    return port.sealed + port.sealed_bytes


cdef int post(UdpPort port, const endpoint *source, const endpoint *target, const uint8_t *data,
              size_t length, size_t segment) except -1:
    """Send it at the end of this wake, together with others. data: in `room`, where what was
    posted before ends."""
    cdef udp_outgoing *one
    if port.outgoing_count and continues(&port.outgoing[port.outgoing_count - 1], source, target,
                                         data, length, segment):
        port.outgoing[port.outgoing_count - 1].length += length
        port.sealed_bytes = data - port.sealed + length
        return 0
    if port.outgoing_count == UDP_OUTGOING:
        send_posted(port)
    if port.outgoing_count == UDP_OUTGOING:
        return 0  # as if it were lost on the way
    one = &port.outgoing[port.outgoing_count]
    one.source, one.target = source[0], target[0]
    one.data, one.length, one.segment = data, length, segment
    one.is_pinned = not endpoint_is_any(source)
    port.outgoing_count += 1
    port.sealed_bytes = data - port.sealed + length
    return 0


cdef bint continues(const udp_outgoing *one, const endpoint *source, const endpoint *target,
                    const uint8_t *data, size_t length, size_t segment) noexcept:
    """Whether a burst is what follows another, so that the kernel cuts both in one go: only the
    last packet of all may be smaller."""
    cdef size_t whole = one.length + length
    return (one.data + one.length == data and one.length % one.segment == 0
            and (segment == one.segment or (segment == length and segment < one.segment))
            and whole <= one.segment * UDP_SEGMENTS and whole <= UDP_TOGETHER_BYTES
            and endpoint_equal(&one.target, target) and endpoint_equal(&one.source, source))


cdef int send_posted(UdpPort port) except -1:
    """Send what was posted; what the kernel has no room for stays, and blocks."""
    cdef udp_result result
    cdef size_t done, i
    cdef uint64_t unpinned = port.socket.stats.unpinned
    if not port.outgoing_count or port.is_blocked:
        return 0
    done = udp_send_many(&port.socket, port.outgoing, port.outgoing_count, &result)
    if port.socket.stats.unpinned != unpinned:
        for i in range(done):
            if port.outgoing[i].is_pinned and endpoint_is_any(&port.outgoing[i].source):
                unpin(port, &port.outgoing[i].target)
    if result == UDP_GONE:
        port.loop.call_soon(port.lose)
        done = port.outgoing_count
    port.outgoing_count -= done
    if port.outgoing_count:
        memmove(port.outgoing, port.outgoing + done,
                port.outgoing_count * sizeof(udp_outgoing))
        block(port)
    else:
        port.sealed_bytes = 0
    return 0


cdef int unpin(UdpPort port, const endpoint *peer) except -1:
    """The local address of this link is gone: the system chooses another from now on."""
    cdef void *found = table_find(&port.table, peer)
    cdef Link link
    if found is not NULL:
        link = <Link>found
        memset(&link.local, 0, sizeof(endpoint))
        link.ask_soon()  # the peer learns from it where we are now
    return 0


cdef int block(UdpPort port) except -1:
    port.is_blocked = True
    port.blocked_until = monotonic_now() + BLOCKED_INTERVAL
    if not port.is_awake:
        port.watch(monotonic_now())
    return 0


cdef int unblock(UdpPort port) except -1:
    cdef bytes unsent = port.unsent
    port.is_blocked = False
    port.unsent = None
    if unsent is not None:
        send_now(port, &port.unsent_from, &port.unsent_to, <const uint8_t *><const char *>unsent,
                 len(unsent), port.unsent_segment)
    send_posted(port)
    return 0
