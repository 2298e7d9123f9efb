# Frames: their bytes, how a message is split into them, and how a long payload becomes several.

# docs/WIRE.md §2: payload length u16, type u8, flags u8, stream id u32.
cdef enum:
    HEADER_BYTES = 8
    MESSAGE_BYTES = 16384
    PAYLOAD_BYTES = 16376  # 16,384 - 8

    DATA = 0x03
    TRAILERS = 0x04
    EXTENSIONS_FROM = 0x40
    FLAG_END = 0x01
    FLAG_MORE = 0x02

# What a frame of each type must look like: whether it belongs to a stream, and the least and most
# bytes of its payload. RESET is a code u16 and up to 256 bytes of reason (2 + 256); GOAWAY a stream
# id u32 before that (4 + 2 + 256).
cdef bint[9] WANTS_STREAM = [0, 1, 1, 1, 1, 1, 1, 0, 0]
cdef Py_ssize_t[9] LEAST = [0, 0, 0, 0, 0, 2, 4, 8, 6]
cdef Py_ssize_t[9] MOST = [16376, 16376, 16376, 16376, 16376, 258, 4, 8, 262]


def decode_message(bytes message not None):
    """Split one message into its frames: (type, flags, stream, payload)."""
    # `at` is a view into message, which the caller holds for the whole of this call; every read
    # from it is behind a check of what is left.
    cdef const uint8_t *at = <const uint8_t *>PyBytes_AS_STRING(message)
    cdef Py_ssize_t total = PyBytes_GET_SIZE(message)
    cdef Py_ssize_t left = total
    cdef Py_ssize_t length
    cdef unsigned int kind, flags
    cdef uint32_t stream
    cdef list frames = []
    if total < HEADER_BYTES or total > MESSAGE_BYTES:
        raise RemoteProtocolError(f"a message of {total} bytes")
    while left > 0:
        if left < HEADER_BYTES:
            raise RemoteProtocolError(f"a truncated header at byte {total - left}")
        length = at[0] << 8 | at[1]
        kind = at[2]
        flags = at[3]
        stream = (<uint32_t>at[4]) << 24 | (<uint32_t>at[5]) << 16 | at[6] << 8 | at[7]
        if length > left - HEADER_BYTES:
            raise RemoteProtocolError(f"a truncated frame at byte {total - left}")
        if kind < EXTENSIONS_FROM:
            check_shape(kind, stream, length)
        frames.append((kind, flags, stream, (<const char *>at)[HEADER_BYTES:HEADER_BYTES + length]))
        at += HEADER_BYTES + length
        left -= HEADER_BYTES + length
    return frames


def encode_frame(long long type, long long flags, long long stream, bytes payload not None):
    """One frame: its header and its payload of at most 16,376 bytes."""
    cdef Py_ssize_t length = PyBytes_GET_SIZE(payload)
    cdef PyObject *raw
    cdef bytes frame
    cdef bint exists = 0 <= type <= 0xFF and 0 <= flags <= 0xFF and 0 <= stream <= 0xFFFFFFFF
    if length > PAYLOAD_BYTES or not exists:
        raise LocalProtocolError(
            f"a frame of type {type}, stream {stream}, {length} bytes does not exist",
            code="frame-invalid",
        )
    raw = new_bytes(NULL, HEADER_BYTES + length)
    write_header(<uint8_t *>bytes_of(raw), length, <uint8_t>type, <uint8_t>flags, <uint32_t>stream)
    memcpy(bytes_of(raw) + HEADER_BYTES, PyBytes_AS_STRING(payload), <size_t>length)
    frame = <bytes>raw
    Py_DECREF(frame)  # `frame` holds a reference of its own
    return frame


cdef list in_parts(type, stream, bytes payload, int last_flags):
    """A head or trailers as frames: one, or as many as it takes, each but the last with MORE."""
    cdef Py_ssize_t total = PyBytes_GET_SIZE(payload)
    cdef Py_ssize_t start = 0
    cdef int flags
    cdef list parts = []
    if total <= PAYLOAD_BYTES:
        return [encode_frame(type, last_flags, stream, payload)]
    while start < total:
        flags = FLAG_MORE if start + PAYLOAD_BYTES < total else last_flags
        parts.append(encode_frame(type, flags, stream, payload[start:start + PAYLOAD_BYTES]))
        start += PAYLOAD_BYTES
    return parts


cdef int check_shape(unsigned int kind, uint32_t stream, Py_ssize_t length) except -1:
    if kind > 8:
        raise RemoteProtocolError(f"a frame of unknown type {kind}")
    if WANTS_STREAM[kind] != (stream != 0):
        raise RemoteProtocolError(f"a frame of type {kind} on stream {stream}")
    if not LEAST[kind] <= length <= MOST[kind]:
        raise RemoteProtocolError(f"a frame of type {kind} with {length} bytes")
    return 0


cdef void write_header(
    uint8_t *to, Py_ssize_t length, uint8_t kind, uint8_t flags, uint32_t stream
) noexcept:
    to[0] = <uint8_t>(length >> 8)
    to[1] = <uint8_t>(length & 0xFF)
    to[2] = kind
    to[3] = flags
    to[4] = <uint8_t>(stream >> 24)
    to[5] = <uint8_t>(stream >> 16 & 0xFF)
    to[6] = <uint8_t>(stream >> 8 & 0xFF)
    to[7] = <uint8_t>(stream & 0xFF)
