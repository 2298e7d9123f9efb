# Addresses between Python and C: a host and a port there, an endpoint here.


cdef tuple python_address(const endpoint *e):
    cdef char text[ENDPOINT_TEXT_BYTES]
    endpoint_format(e, text)
    return (text.decode("ascii"), e.port)


cdef int parse_endpoint(endpoint *e, str host, int port) except -1:
    cdef bytes text = host.encode("ascii", "replace")
    if not 0 <= port <= 65535 or not endpoint_parse(e, text, <uint16_t>port):
        raise LocalProtocolError(f"no address: {host!r} {port}", code="address-wrong")
    return 0
