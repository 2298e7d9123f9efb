# SACKs that one read brought: the newest of a link says all that those before it did.


cdef bint may_be_held(const uint8_t *data, size_t length) noexcept:
    return length == SACK_RECORD_BYTES and is_one_record(data, length)


cdef int hold(Link link, const uint8_t *data, usec now) except -1:
    """Keep a record until all that came is read; `open_held` is called then."""
    if link.held_count == HELD_RECORDS:
        open_held(link, now)
    memcpy(link.held[link.held_count], data, SACK_RECORD_BYTES)
    link.held_count += 1
    link.touch()
    return 0


cdef int open_held(Link link, usec now) except -1:
    """Read the newest record that is genuine. Those before it are as if they were lost."""
    cdef int i, newest
    while link.held_count and not link.is_closed:
        newest = 0
        for i in range(1, link.held_count):
            # Epoch and number of a record, 8 bytes (RFC 6347 §4.1), are in order as they stand.
            if memcmp(&link.held[i][3], &link.held[newest][3], 8) > 0:
                newest = i
        link.held_count -= 1
        if newest != link.held_count:
            for i in range(SACK_RECORD_BYTES):
                link.held[newest][i], link.held[link.held_count][i] = (
                    link.held[link.held_count][i], link.held[newest][i])
        if link.open_record(link.held[link.held_count], SACK_RECORD_BYTES, now):
            link.superseded += link.held_count
            break
    link.held_count = 0
    return 0
