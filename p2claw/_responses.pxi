# The beginning of a usual response of an app: its head, and what came with it of its body.

cdef enum:
    LOOK_BYTES = 4096
    FIELD_OVERHEAD_BYTES = 7


def read_response(data, Py_ssize_t most_bytes, Py_ssize_t most_fields):
    """Status, fields, reason, the body so far, and what is left of it; None if it is unusual."""
    # The view is released before this returns; `at` is used no longer than that.
    cdef Py_buffer view
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        return response_at(<const uint8_t *>view.buf, view.len, most_bytes, most_fields)
    finally:
        PyBuffer_Release(&view)


cdef tuple response_at(
    const uint8_t *at, Py_ssize_t size, Py_ssize_t most_bytes, Py_ssize_t most_fields
):
    cdef Py_ssize_t end = end_of_head(at, min(size, <Py_ssize_t>LOOK_BYTES))
    cdef Py_ssize_t came = size - end
    cdef int64_t length
    cdef int status
    cdef tuple head = head_at(at, end) if end else None
    if head is None:
        return None
    status, reason, fields, framing = head
    if not 200 <= status <= 599 or status == 204 or status == 304:
        return None
    if framing is None or framing == "chunked" or len(<str>reason) > REASON_CHARS:
        return None
    if len(<tuple>fields) > most_fields:
        return None
    if end + FIELD_OVERHEAD_BYTES * len(<tuple>fields) > most_bytes:
        return None
    for name, value in <tuple>fields:
        if name == "connection" and value != "keep-alive":
            return None
    length = int(framing)  # of 18 digits at most
    if came > length:
        return None
    return status, fields, reason, (<const char *>at)[end:size], length - came


cdef Py_ssize_t end_of_head(const uint8_t *at, Py_ssize_t size) noexcept:
    """Where the first empty line ends; 0: there is none."""
    cdef const uint8_t *found = at
    cdef const uint8_t *end = at + size
    while True:
        found = <const uint8_t *>memchr(found, c"\r", end - found)
        if found is NULL or end - found < 4:
            return 0
        if not memcmp(found, b"\r\n\r\n", 4):
            return found + 4 - at
        found += 1
