# SACKs that one read brought: the newest of a link says all that those before it did.


cdef bint may_be_held(const uint8_t *data, size_t length) noexcept:
    return length == SACK_RECORD_BYTES and is_one_record(data, length)


cdef int hold(Link link, const uint8_t *data, usec now) except -1:
    """Keep a record until all that came is read; `open_held` is called then."""
    cdef UdpPort port = link.port
    cdef held_record *one
    if port.held_count == HELD_RECORDS:
        port.release_held(now)
    if link.is_closed:
        return 0
    one = &port.held[port.held_count]
    port.held_count += 1
    memcpy(one.record, data, SACK_RECORD_BYTES)
    one.before = link.held
    link.held = one
    link.touch()
    return 0


cdef int open_held(Link link, usec now) except -1:
    """Read the newest record that is genuine. Those before it are as if they were lost."""
    cdef held_record *one
    while link.held is not NULL and not link.is_closed:
        one = take_newest(link)
        if link.open_record(one.record, SACK_RECORD_BYTES, now):
            while link.held is not NULL:
                link.held = link.held.before
                link.superseded += 1
    link.held = NULL
    return 0


cdef held_record *take_newest(Link link) noexcept:
    cdef held_record **place = &link.held
    cdef held_record **newest = place
    cdef held_record *found
    while place[0] is not NULL:
        # Epoch and number of a record, 8 bytes (RFC 6347 §4.1), are in order as they stand.
        if memcmp(&place[0].record[3], &newest[0].record[3], 8) > 0:
            newest = place
        place = &place[0].before
    found = newest[0]
    newest[0] = found.before
    return found
