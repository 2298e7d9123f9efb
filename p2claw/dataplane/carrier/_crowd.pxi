# Whether so many links take turns on a port that one wake may serve many, and how it serves them.

# If links had as many turns as this per CROWD_COUNT, one wake per CROWD_INTERVAL serves all of
# them. A turn is a run of datagrams and deadlines of one link: a link alone is no crowd, however
# busy, because its pacing is finer than CROWD_INTERVAL. A datagram counts once it was verified:
# whoever has no link, or forges the address of one, may not make others wait.
# A crowd that is served so has fewer turns, and stays one while it has CROWD_STAYS.
cdef int CROWD_TURNS = 5
cdef int CROWD_STAYS = 2
cdef usec CROWD_COUNT = 1000
cdef usec CROWD_INTERVAL = 3000

# If so many datagrams per CROWD_COUNT are of no link, the port is polled (POLL_INTERVAL): they get
# no wake each, and a link waits no longer for it than beside a busy one.
cdef int STRANGERS = 5

# What a burst of one link of a crowd is worth, as time at its pacing rate. A line of 16 Mbit/s is
# given eight packets at once instead of two.
cdef usec CROWD_LUMP = 6000

# A link is far if its least round trip is FAR_RTT, and its rate not above FAR_BYTES_PER_S, of which
# sixteen packets are worth more than FAR_INTERVAL. While only far links send, there is one wake per
# FAR_INTERVAL. A burst is worth a little less than that, so that one is due at each wake: if it
# were due at each second one, and that came late, a burst of sixteen packets would be too small.
# For NEAR_STAYS after a link that is not far has sent, a crowd is served as any other.
cdef usec FAR_RTT = 20000
cdef double FAR_BYTES_PER_S = 3e6
cdef usec FAR_INTERVAL = 5000
cdef usec FAR_LUMP = 4500
cdef usec NEAR_STAYS = 100000

# Sixteen packets, one burst, per CROWD_INTERVAL are 60 Mbit/s, and no wake may be late then. So if
# a link sent as many packets as SWIFT_PACKETS in one burst within SWIFT_STAYS, at a higher rate
# than SWIFT_BYTES_PER_S, there is a wake per SWIFT_INTERVAL, and bursts are worth SWIFT_LUMP.
cdef double SWIFT_BYTES_PER_S = 5e6
cdef int SWIFT_PACKETS = 8
cdef usec SWIFT_STAYS = 100000
cdef usec SWIFT_INTERVAL = 1000
cdef usec SWIFT_LUMP = 2500


cdef void crowd_turn(crowd *c, const void *link) noexcept:
    """A datagram of this link was verified, or a deadline of it has come."""
    if link is not c.last_turn:
        c.last_turn = link
        c.turns += 1


cdef bint crowd_count(crowd *c, usec now) noexcept:
    """Judge by what came since the last count, if that was long enough ago; return whether."""
    cdef usec passed = now - c.counted_at
    cdef usec least
    if passed < CROWD_COUNT:
        return False
    # In a crowd, and where the processor is late, a link has one turn per wake, however long ago
    # the last one was.
    least = (CROWD_STAYS if c.is_on else CROWD_TURNS) * min(passed, CROWD_INTERVAL)
    if c.turns * CROWD_COUNT >= least:
        c.until = now + 2 * FAR_INTERVAL
    c.is_beset = c.strangers * CROWD_COUNT >= STRANGERS * passed
    c.counted_at, c.turns, c.strangers = now, 0, 0
    return True


cdef bint is_far(usec least_rtt, double bytes_per_s) noexcept:
    """Whether a link bears wakes that are FAR_INTERVAL apart."""
    return FAR_RTT <= least_rtt < NEVER and bytes_per_s <= FAR_BYTES_PER_S


cdef void crowd_burst(crowd *c, int packets, usec least_rtt, double bytes_per_s,
                      usec now) noexcept:
    """A link has sent so many packets at once, at this rate."""
    if packets >= SWIFT_PACKETS and bytes_per_s > SWIFT_BYTES_PER_S:
        c.swift_until = now + SWIFT_STAYS
    if packets and not is_far(least_rtt, bytes_per_s):
        c.near_until = now + NEAR_STAYS


cdef usec crowd_interval(const crowd *c, usec now) noexcept:
    """From one wake to the next, of a crowd: however busy one link is, it is served as a whole."""
    if now < c.swift_until:
        return SWIFT_INTERVAL
    return CROWD_INTERVAL if now < c.near_until else FAR_INTERVAL


cdef usec crowd_lump(const crowd *c, usec least_rtt, double bytes_per_s, usec now) noexcept:
    """What a burst of a link is to be worth at least, in a crowd; otherwise 0."""
    if not c.is_on:
        return 0
    if now < c.swift_until:
        return SWIFT_LUMP
    return FAR_LUMP if is_far(least_rtt, bytes_per_s) else CROWD_LUMP
