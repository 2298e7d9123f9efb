# Whose turn it is if the links of a crowd have more to send than one wake should. Then it is the
# processor that limits them, and each gets as much of it. The rate of a link does not count: it is
# what the link was given before, so that whoever has much would keep it.

# What a wake sends before the loop has its turn: one to two milliseconds of a processor.
cdef int WAKE_PACKETS = 12 * 44

# What a link sends in a turn: one call of the kernel, or several if few links send.
cdef int SHARE_LEAST = 44
cdef int SHARE_MOST = 4 * 44

# Whoever has no more than this to send does not wait for a turn: a small response.
cdef uint64_t LITTLE_BYTES = 16384


cdef bint takes_turns(Link link) noexcept:
    """Whether it is one of a crowd. A far link is not: its line is slow, and it waits for that."""
    return link.port.crowd.is_on and not is_far(
        association_least_rtt(link.a), association_pacing(link.a))


cdef int turns_begin(UdpPort port) except -1:
    """A wake begins."""
    cdef int links = len(port.turns) + len(port.dirty)
    port.room = WAKE_PACKETS
    port.share = max(SHARE_LEAST, min(SHARE_MOST, WAKE_PACKETS // max(links, 1)))
    return 0


cdef int serve_turns(UdpPort port, usec now) except -1:
    """Let those send that wait, first whoever has waited longest, while there is room."""
    cdef Link link
    cdef list waiting = port.turns
    cdef Py_ssize_t served = 0
    port.turns = []
    for link in waiting:
        if port.room <= 0 and port.crowd.is_on:
            break
        served += 1
        link.has_turn = False
        try:
            transmit(link, now)
        except Exception as error:
            port.fault("a link", error)
    port.turns = waiting[served:] + port.turns
    return 0


cdef bint waits_for_turn(Link link) except -1:
    """Whether a link that may have something to send has to wait; it is in the list then."""
    if link.is_closed or association_waiting(link.a) <= LITTLE_BYTES:
        return False
    if link.has_turn:
        return True
    if link.port.room > 0 or not takes_turns(link):
        return False
    link.has_turn = True
    link.port.turns.append(link)
    return True
