# Whose each datagram is that a port has read.

# The ufrag of a dial has at least so many characters (docs/WIRE.md §16); others have 4 to 32.
cdef Py_ssize_t LONG_UFRAG = 86


cdef int receive_datagram(UdpPort port, const udp_datagram *d, usec now,
                          bint is_handed) except -1:
    """Sort by the first byte of each datagram (RFC 7983). is_handed: by another process, so that
    it is not handed over again."""
    cdef size_t at = 0, length
    cdef const uint8_t *data
    cdef Link link
    cdef void *found
    while at < d.length:
        data = d.data + at
        length = min(d.segment, d.length - at)
        at += length
        if 20 <= data[0] <= 63:
            found = table_find(&port.table, &d.source)
            if found is NULL and not is_handed and port.shared is not None and (
                    port.shared.hand_flow(d, data, d.length - at + length)):
                return 0  # all the rest comes from there too
            if found is NULL:
                port.strangers += 1
                port.crowd.strangers += 1
                continue
            link = <Link>found
            try:
                link.receive_record(data, length, now)
            except Exception as error:
                port.fault("a datagram", error)
        elif data[0] <= 3:
            try:
                receive_stun(port, d, data, length, now, is_handed)
            except Exception as error:
                port.fault("a STUN message", error)
        else:
            port.strangers += 1
            port.crowd.strangers += 1
    return 0


cdef int receive_stun(UdpPort port, const udp_datagram *d, const uint8_t *data, size_t length,
                      usec now, bint is_handed) except -1:
    """Find the receiver: of a response by its transaction, of a check by its first ufrag. Both name
    the process too, where several share the port."""
    cdef bytes message, ufrag
    cdef int place
    cdef object receiver = None
    cdef void *found = table_find(&port.table, &d.source)
    if found is not NULL and (<Link>found).receive_stun(data, length, &d.source, now):
        crowd_turn(&port.crowd, found)
        return 0
    port.crowd.strangers += 1
    if length < 20:
        port.stun_ignored += 1
        return 0
    message = data[:length]
    if data[0] & 1:
        receiver = port.by_transaction.get(message[8:20])
        place = data[8]
    else:
        ufrag = ufrag_of(data, length)
        receiver = port.by_ufrag.get(ufrag)
        place = place_in(ufrag)
    if receiver is None and not is_handed and port.shared is not None and (
            port.shared.hand_check(place, d, data, length, now)):
        return 0
    if not data[0] & 1:
        if receiver is None and ufrag is not None and len(ufrag) >= LONG_UFRAG:
            receiver = port.unknown
    if receiver is None:
        port.stun_ignored += 1
        return 0
    receiver.stun_received(message, python_address(&d.source), python_address(&d.target)[0])
    return 0


cdef bytes ufrag_of(const uint8_t *data, size_t length):
    """The first half of USERNAME (RFC 8445 §7.2.2), or None."""
    cdef size_t at = 20, size
    cdef bytes name
    while at + 4 <= length:
        size = data[at + 2] << 8 | data[at + 3]
        if at + 4 + size > length:
            return None
        if data[at] == 0 and data[at + 1] == 6:
            name = data[at + 4:at + 4 + size]
            return name.partition(b":")[0]
        at += 4 + ((size + 3) & ~<size_t>3)
    return None
