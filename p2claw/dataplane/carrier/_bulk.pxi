# How a port is served while one of its links sends much: in a rhythm, so that one wake reads many
# SACKs, and lets the link send what they allow by one call of the kernel.

# A link sends much if it has had more than may leave for so long, at no less than this rate. Below
# it a millisecond is worth five packets; and what leaves within a few wakes is no download.
cdef usec BULK_AFTER = 2000
cdef double BULK_BYTES_PER_S = 8e6

# From one wake to the next: until a link may send a burst of the largest size, within these bounds.
cdef double BULK_BYTES = 44 * 1403  # of user data, as a rate counts them
cdef usec BULK_INTERVAL_LEAST = 500
cdef usec BULK_INTERVAL_MOST = 1000
cdef usec BULK_STAYS = 2000


cdef void bulk_sent(Link link, usec now) noexcept:
    """A link has sent what it may."""
    cdef double bytes_per_s = association_pacing(link.a)
    if bytes_per_s < BULK_BYTES_PER_S or not association_waiting(link.a):
        link.held_up_since = NEVER
    elif link.held_up_since == NEVER:
        link.held_up_since = now
    elif now - link.held_up_since >= BULK_AFTER:
        link.port.bulk_until = now + BULK_STAYS
        link.port.bulk_interval = max(BULK_INTERVAL_LEAST, min(
            BULK_INTERVAL_MOST, <usec>(1e6 * BULK_BYTES / bytes_per_s)))


cdef usec least_lump(Link link, usec now) noexcept:
    """What a burst of a link is to be worth at least, as time at its rate. If it begins between two
    wakes, since the app has more for it, that is half of what leaves at each. What is less than
    that, and all that there is, does not wait."""
    cdef UdpPort port = link.port
    cdef usec lump = crowd_lump(&port.crowd, association_least_rtt(link.a),
                                association_pacing(link.a), now)
    return max(lump, port.bulk_interval // 2) if now < port.bulk_until else lump
