# What a link sends: bursts of packets, each sealed as a record, with one system call for many.

# Bursts of sixteen packets that one link sends before others have their turn.
cdef int BURSTS_AT_ONCE = 4


cdef int transmit(Link link, usec now) except -1:
    cdef usec at
    if not link.is_started or link.is_closed:
        return 0
    try:
        send_bursts(link, now)
    finally:
        if not link.is_closed:
            at = min(association_next_timeout(link.a),
                     consent_next_timeout(&link.consent.state))
            if at != NEVER and not deadlines_set(&link.port.deadlines, &link.deadline, at):
                raise MemoryError
    return 0


cdef int send_bursts(Link link, usec now) except -1:
    cdef int bursts, packets
    cdef uint64_t waiting
    for bursts in range(BURSTS_AT_ONCE):
        if link.port.is_blocked:
            break
        packets = send_burst(link, now)
        if link.is_closed:
            return 0
        waiting = association_waiting(link.a)
        if waiting <= link.low_water and not link.is_low_reported and link.user is not None:
            link.is_low_reported = True
            link.user.channel_drained()
            if link.is_closed:
                return 0
            if association_waiting(link.a) > waiting:
                continue
        if not packets:
            break
    else:
        link.touch()
    if association_in_flight(link.a) >= BUSY_BYTES:
        link.port.busy_until = now + 2 * POLL_INTERVAL
    bulk_sent(link, now)
    return 0


cdef int send_burst(Link link, usec now) except -1:
    """Send up to sixteen packets, by as few system calls as their sizes allow; return how many."""
    cdef uint8_t *sealed = room_in(link.port)
    cdef uint8_t *start = sealed
    cdef uint8_t *text
    cdef size_t length, room, total = 0, segment = 0
    cdef Py_ssize_t size
    cdef bint closed = False
    cdef int packets = 0
    if sealed is NULL:
        return 0
    association_set_least_lump(link.a, least_lump(link, now))
    association_set_share(link.a, link.port.share if takes_turns(link) else 0)
    association_begin_burst(link.a, now)
    while True:
        room = BURST_BYTES - (sealed + total - start)
        text = link.records.text_place(sealed + total, link.port.plain)
        length = association_write(link.a, text, room - min(room, <size_t>RECORD_ADDED), now)
        if not length:
            break
        # All packets of a batch have one size; only the last may be smaller, and closes the batch.
        if closed:
            link.post(sealed, total, segment)
            sealed += total
            total, closed = 0, False
        size = link.records.seal_into(text, length, sealed + total, room)
        if size <= 0:
            link.end("record-failed", "the encryption failed")
            return packets
        if not total:
            segment = size
        elif <size_t>size > segment:
            link.post(sealed, total, segment)
            sealed += total
            total, segment = 0, size
        elif <size_t>size < segment:
            closed = True
        total += size
        packets += 1
    if total:
        link.post(sealed, total, segment)
    link.port.room -= packets
    crowd_burst(&link.port.crowd, packets, association_least_rtt(link.a),
                association_pacing(link.a), now)
    return packets
