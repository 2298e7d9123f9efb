# Heads of HTTP, field by field: those that cross a link are checked, those of HTTP/1.1 read and
# written.

# Longer names than any that are in use: such a head is left to whoever reads slowly.
cdef enum:
    NAME_BYTES = 256

# By octet: whether it may stand in a token, in a name on a link, in a line of which nobody may see
# the end too early; and its small letter.
cdef bint[256] IN_TOKEN
cdef bint[256] IN_NAME
cdef bint[256] PRINTABLE
cdef uint8_t[256] SMALL


cdef void fill_tables() noexcept:
    cdef int octet
    for octet in range(256):
        SMALL[octet] = <uint8_t>(octet + 32 if c"A" <= octet <= c"Z" else octet)
        IN_TOKEN[octet] = (
            c"a" <= SMALL[octet] <= c"z" or c"0" <= octet <= c"9"
            or (octet != 0 and strchr("!#$%&'*+.^_`|~-", octet) is not NULL)
        )
        IN_NAME[octet] = IN_TOKEN[octet] and SMALL[octet] == octet
        PRINTABLE[octet] = octet == c"\t" or 0x20 <= octet <= 0x7e or octet >= 0x80


fill_tables()


def fields_fault(tuple fields not None):
    """Why these are no fields as docs/WIRE.md §4 has them; None if they are."""
    cdef bint are_names = True
    cdef bint are_values = True
    for field in fields:
        if type(field) is not tuple or len(<tuple>field) != 2:
            return "a field that is not a name and a value"
        name, value = <tuple>field
        if type(name) is not str or type(value) is not str:
            return "a field that is not a name and a value"
        are_names = are_names and is_of(name, IN_NAME) and PyUnicode_GET_LENGTH(name) > 0
        are_values = are_values and is_value(value)
    if not are_names:
        return "a field name that is not a lower-case token"
    if not are_values:
        return "a field value with a character that is not allowed"
    return None


def read_head(bytes head not None):
    """Read the head of a response that is written as RFC 9112 has it; None if anything is not."""
    # A view into head, which the caller holds for the whole of this call.
    return head_at(<const uint8_t *>PyBytes_AS_STRING(head), PyBytes_GET_SIZE(head))


cdef tuple head_at(const uint8_t *at, Py_ssize_t size):
    """The same of so many octets."""
    # Nothing is read at or after `end`, which is behind the CR LF of the last line.
    cdef const uint8_t *end = at + size - 2
    cdef const uint8_t *line_end
    cdef int status
    cdef object framing = None
    cdef list fields = []
    if size < 17:  # "HTTP/1.1 200 " and two ends of a line
        return None
    if memcmp(at, b"HTTP/1.1 ", 9) or memcmp(end - 2, b"\r\n\r\n", 4):
        return None
    at += 9
    if not (is_digit(at[0]) and is_digit(at[1]) and is_digit(at[2]) and at[3] == c" "):
        return None
    status = 100 * (at[0] - c"0") + 10 * (at[1] - c"0") + at[2] - c"0"
    at += 4
    line_end = end_of_line(at, end)
    if line_end is NULL or not are_of(at, line_end, PRINTABLE):
        return None
    reason = text_of(at, line_end)
    at = line_end + 2
    while at < end:
        line_end = end_of_line(at, end)
        if line_end is NULL:
            return None
        field = read_field(at, line_end)
        if field is None:
            return None
        name, value = <tuple>field
        if name == "content-length" or name == "transfer-encoding":
            if framing is not None or not is_framing(name, value):
                return None
            framing = value
        fields.append(field)
        at = line_end + 2
    return status, reason, tuple(fields), framing


def write_head(str first not None, str host not None, tuple fields not None, tuple more not None):
    """The head of a request, to the empty line; None if a line would end early."""
    cdef Py_ssize_t size
    cdef PyObject *raw
    cdef uint8_t *to
    cdef bytes head
    if not is_of(first, PRINTABLE) or not is_of(host, PRINTABLE):
        return None
    size = PyUnicode_GET_LENGTH(first) + 8 + PyUnicode_GET_LENGTH(host) + 4
    for name, value in fields + more:
        if not is_value(name) or not is_value(value):
            return None
        size += 2 + PyUnicode_GET_LENGTH(name) + 2 + PyUnicode_GET_LENGTH(value)
    raw = new_bytes(NULL, size)
    to = put_text(<uint8_t *>bytes_of(raw), first)
    to = put_text(put(to, b"\r\nhost: ", 8), host)
    for name, value in fields + more:
        to = put_text(put(to, b"\r\n", 2), name)
        to = put_text(put(to, b": ", 2), value)
    put(to, b"\r\n\r\n", 4)
    head = <bytes>raw
    Py_DECREF(head)  # `head` holds a reference of its own
    return head


# Text: all of it was checked to be of octets before it is copied.

cdef bint are_of(const uint8_t *at, const uint8_t *end, const bint *table) noexcept:
    while at < end:
        if not table[at[0]]:
            return False
        at += 1
    return True


cdef bint is_of(str text, const bint *table) noexcept:
    cdef const uint8_t *at
    if PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND:
        return False
    at = <const uint8_t *>PyUnicode_DATA(text)
    return are_of(at, at + PyUnicode_GET_LENGTH(text), table)


cdef bint is_value(str text) noexcept:
    """Whether each character is an octet, and none of them is NUL, CR or LF."""
    cdef const uint8_t *at
    if PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND:
        return False
    at = <const uint8_t *>PyUnicode_DATA(text)
    return is_line(at, at + PyUnicode_GET_LENGTH(text))


cdef bint is_line(const uint8_t *at, const uint8_t *end) noexcept:
    cdef size_t size = end - at
    return (memchr(at, c"\0", size) is NULL and memchr(at, c"\r", size) is NULL
            and memchr(at, c"\n", size) is NULL)


cdef uint8_t *put(uint8_t *to, const char *source, size_t size) noexcept:
    memcpy(to, source, size)
    return to + size


cdef uint8_t *put_text(uint8_t *to, str text) noexcept:
    return put(to, <const char *>PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text))


# Lines: `end` is behind the last octet that may be read.

cdef const uint8_t *end_of_line(const uint8_t *at, const uint8_t *end) noexcept:
    """Where the CR LF of a line is; NULL if there is none, or something else ends the line."""
    cdef const uint8_t *found = <const uint8_t *>memchr(at, c"\r", end - at)
    if found is NULL or found + 1 >= end or found[1] != c"\n" or not is_line(at, found):
        return NULL
    return found


cdef tuple read_field(const uint8_t *at, const uint8_t *end):
    """Name and value; None if the line is no field, or its name is longer than NAME_BYTES."""
    cdef uint8_t[NAME_BYTES] name
    cdef Py_ssize_t size = 0
    while at + size < end and size < NAME_BYTES and IN_TOKEN[at[size]]:
        name[size] = SMALL[at[size]]
        size += 1
    if not size or at + size >= end or at[size] != c":":
        return None
    at += size + 1
    return PyUnicode_DecodeLatin1(<const char *>name, size, NULL), text_of(at, end)


cdef str text_of(const uint8_t *at, const uint8_t *end):
    """Octets as text, without blanks around them."""
    while at < end and (at[0] == c" " or at[0] == c"\t"):
        at += 1
    while at < end and (end[-1] == c" " or end[-1] == c"\t"):
        end -= 1
    return PyUnicode_DecodeLatin1(<const char *>at, end - at, NULL)


cdef bint is_framing(str name, str value):
    """Whether the value of one of the two fields that frame a body is as it should be."""
    cdef Py_ssize_t size = len(value)
    if name == "transfer-encoding":
        return value == "chunked"
    return value.isascii() and value.isdigit() and size <= 18 and (size == 1 or value[0] != "0")


cdef bint is_digit(uint8_t octet) noexcept:
    return c"0" <= octet <= c"9"
