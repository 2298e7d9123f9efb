# Usual heads as they cross a link, in msgpack. All others are left to whoever reads slowly.

cdef extern from "Python.h":
    bint is_ascii "PyUnicode_IS_ASCII"(object) noexcept

cdef enum:
    METHOD_CHARS = 32
    TARGET_CHARS = 131072
    REASON_CHARS = 256
    URGENCY_MOST = 7
    URGENCY_DEFAULT = 3

# By octet: whether it may stand in a target, and in a value that is ASCII.
cdef bint[256] IN_TARGET
cdef bint[256] IN_VALUE
cdef bint[256] IN_REASON


cdef void fill_more_tables() noexcept:
    cdef int octet
    for octet in range(256):
        IN_TARGET[octet] = 0x21 <= octet <= 0x7e
        IN_VALUE[octet] = octet < 0x80 and octet != 0 and octet != c"\r" and octet != c"\n"
        IN_REASON[octet] = octet < 0x80 and PRINTABLE[octet]


fill_more_tables()


@cython.final
cdef class Reading:
    """What is left of a payload while it is read."""

    # A view into the payload, which `read_request` holds for as long as this object is in use.
    cdef const uint8_t *at
    cdef const uint8_t *end

    cdef Py_ssize_t count(self, uint8_t fixed, uint8_t most, uint8_t two, uint8_t four) noexcept:
        """A count as msgpack writes it: within a byte of its own, or in two or four; -1: none."""
        cdef uint8_t first
        if self.at >= self.end:
            return -1
        first = self.at[0]
        self.at += 1
        if fixed <= first <= fixed + most:
            return first - fixed
        if first == two:
            return self.number(2)
        return self.number(4) if first == four else -1

    cdef Py_ssize_t number(self, int size) noexcept:
        cdef Py_ssize_t found = 0
        if self.end - self.at < size:
            return -1
        while size:
            found = found << 8 | self.at[0]
            self.at += 1
            size -= 1
        return found

    cdef Py_ssize_t small(self) noexcept:
        """An integer up to 127, however long it is written; -1: it is none."""
        cdef uint8_t first
        if self.at >= self.end:
            return -1
        first = self.at[0]
        self.at += 1
        if first < 0x80:
            return first
        if not 0xcc <= first <= 0xd3:
            return -1
        for _ in range((1 << (first & 3)) - 1):
            if self.at >= self.end or self.at[0]:
                return -1
            self.at += 1
        first = <uint8_t>self.number(1)
        return first if first < 0x80 else -1

    cdef Py_ssize_t length(self) noexcept:
        """The length of a text; -1: it is none."""
        if self.at < self.end and self.at[0] == 0xd9:
            self.at += 1
            return self.number(1)
        return self.count(0xa0, 31, 0xda, 0xdb)

    cdef str text(self, const bint *table, Py_ssize_t least, Py_ssize_t most):
        """Text of so many characters, all of them in the table; None if it is anything else."""
        cdef const uint8_t *start
        cdef Py_ssize_t size = self.length()
        if size < least or size > most or size > self.end - self.at:
            return None
        start = self.at
        self.at += size
        if not are_of(start, self.at, table):
            return None
        return PyUnicode_DecodeLatin1(<const char *>start, size, NULL)

    cdef tuple fields(self, Py_ssize_t most):
        """Names and values; None if they are no fields, or too many."""
        cdef Py_ssize_t count = self.count(0x90, 15, 0xdc, 0xdd)
        cdef list found = []
        if count < 0 or count > most:
            return None
        while count:
            if self.count(0x90, 15, 0xdc, 0xdd) != 2:
                return None
            name = self.text(IN_NAME, 1, self.end - self.at)
            if name is None:
                return None
            value = self.text(IN_VALUE, 0, self.end - self.at)
            if value is None:
                return None
            found.append((name, value))
            count -= 1
        return tuple(found)


def read_request(bytes payload not None, Py_ssize_t most_fields):
    """Method, target, fields and urgency of the head of a request; None if anything is unusual."""
    cdef Reading reading = Reading.__new__(Reading)
    cdef Py_ssize_t count
    cdef Py_ssize_t urgency = -1
    cdef uint8_t key
    cdef object method = None
    cdef object target = None
    cdef object fields = None
    reading.at = <const uint8_t *>PyBytes_AS_STRING(payload)
    reading.end = reading.at + PyBytes_GET_SIZE(payload)
    count = reading.count(0x80, 15, 0xde, 0xdf)
    if not 3 <= count <= 4:
        return None
    while count:
        if reading.length() != 1 or reading.at >= reading.end:
            return None
        key = reading.at[0]
        reading.at += 1
        count -= 1
        if key == c"m" and method is None:
            method = reading.text(IN_TOKEN, 1, METHOD_CHARS)
            if method is None:
                return None
        elif key == c"p" and target is None:
            target = reading.text(IN_TARGET, 1, TARGET_CHARS)
            if target is None or (<str>target)[0] != "/":
                return None
        elif key == c"h" and fields is None:
            fields = reading.fields(most_fields)
            if fields is None:
                return None
        elif key == c"u" and urgency < 0:
            urgency = reading.small()
            if not 0 <= urgency <= URGENCY_MOST:
                return None
        else:
            return None
    if method is None or target is None or fields is None or reading.at != reading.end:
        return None
    return method, target, fields, URGENCY_DEFAULT if urgency < 0 else urgency


def write_response(
    object status, tuple fields not None, str reason not None, Py_ssize_t most_fields
):
    """The head of a response that has a status, fields and a reason; None if anything is unusual.
    """
    cdef Py_ssize_t count = len(fields)
    cdef Py_ssize_t size = 1 + 2 + 3 + 2 + 3 + 2 + 3
    cdef int code
    cdef PyObject *raw
    cdef uint8_t *at
    cdef uint8_t *start
    if type(status) is not int or not 200 <= status <= 599:
        return None
    code = status
    if count > most_fields or count > 0xffff:
        return None
    if not is_ascii_of(reason, IN_REASON, 0, REASON_CHARS):
        return None
    size += PyUnicode_GET_LENGTH(reason)
    for field in fields:
        if type(field) is not tuple or len(<tuple>field) != 2:
            return None
        name, value = <tuple>field
        if type(name) is not str or type(value) is not str:
            return None
        if not is_ascii_of(name, IN_NAME, 1, 0xffff) or not is_ascii_of(value, IN_VALUE, 0, 0xffff):
            return None
        size += 1 + 3 + PyUnicode_GET_LENGTH(name) + 3 + PyUnicode_GET_LENGTH(value)
    raw = new_bytes(NULL, size)
    start = at = <uint8_t *>bytes_of(raw)
    at[0] = 0x83 if reason else 0x82
    at = put(at + 1, b"\xa1s", 2)
    if code < 0x100:
        at = put_count(put(at, b"\xcc", 1), code, 1)
    else:
        at = put_count(put(at, b"\xcd", 1), code, 2)
    at = put(at, b"\xa1h", 2)
    if count < 16:
        at[0] = <uint8_t>(0x90 | count)
        at += 1
    else:
        at = put_count(put(at, b"\xdc", 1), count, 2)
    for name, value in fields:
        at = put_packed(put_packed(put(at, b"\x92", 1), name), value)
    if reason:
        at = put_packed(put(at, b"\xa1r", 2), reason)
    try:
        resize_bytes(&raw, at - start)
        return <bytes>raw
    finally:
        Py_XDECREF(raw)  # what is returned has a reference of its own


cdef bint is_ascii_of(str text, const bint *table, Py_ssize_t least, Py_ssize_t most) noexcept:
    return is_ascii(text) and least <= PyUnicode_GET_LENGTH(text) <= most and is_of(text, table)


cdef uint8_t *put_count(uint8_t *to, Py_ssize_t count, int size) noexcept:
    while size:
        size -= 1
        to[0] = <uint8_t>(count >> 8 * size & 0xff)
        to += 1
    return to


cdef uint8_t *put_packed(uint8_t *to, str text) noexcept:
    """Text of ASCII, of at most 65,535 characters."""
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
    if size < 32:
        to[0] = <uint8_t>(0xa0 | size)
        return put_text(to + 1, text)
    if size < 0x100:
        to[0] = 0xd9
        return put_text(put_count(to + 1, size, 1), text)
    to[0] = 0xda
    return put_text(put_count(to + 1, size, 2), text)


# Fields that are read already.

def value_of(tuple fields not None, str name not None, absent=""):
    """The value of a field; of several of this name, the last one's."""
    for other, value in fields:
        if other == name:
            absent = value
    return absent


def look_through(tuple fields not None, frozenset looked_at not None):
    """The fields without those of the connection, the content's type and its coding."""
    cdef list kept = []
    cdef bint are_plain = True
    cdef object kind = ""
    cdef object coding = "identity"
    for field in fields:
        name, value = field
        if name not in looked_at:
            kept.append(field)
            if name == "content-type":
                kind = value
            elif name == "content-encoding":
                coding = value
        elif name == "connection":
            are_plain = are_plain and value == "keep-alive"
        elif name != "keep-alive" and name != "transfer-encoding":
            are_plain = False
    return tuple(kept) if are_plain else None, kind, coding
