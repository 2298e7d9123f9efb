"""Writes the head of a request to an upstream, HTTP/1.1 (RFC 9112), and the chunks of a body.

`http/fields.py` chooses the fields. Here they are checked once more, so that no value can end a
line or a head, whatever was checked before.
"""

from __future__ import annotations

from p2claw._codec import chosen
from p2claw.agent.request_faults import BadRequestFault
from p2claw.agent.upstream.lenient import Fields

# RFC 9110 §8.6: with these a missing Content-Length would leave the server in doubt; Fetch §4.6.
BODY_EXPECTED = frozenset(("POST", "PUT"))

LAST_CHUNK = b"0\r\n\r\n"


def request_head(method: str, target: str, host: str, fields: Fields, framing: Fields) -> bytes:
    """The head, to the empty line.

    fields: without Host and without the framing of the body, which comes last.
    Raises BadRequestFault.
    """
    head = chosen.write_head(f"{method} {target} HTTP/1.1", host, fields, framing)
    if head is None:
        raise BadRequestFault("A field has a character that is not allowed")
    return head


def framing_fields(method: str, length: int | None, *, chunked: bool) -> Fields:
    """How long the body is. length: None: there is none, unless it is chunked."""
    if chunked:
        return (("transfer-encoding", "chunked"),)
    if length is not None:
        return (("content-length", str(length)),)
    return (("content-length", "0"),) if method in BODY_EXPECTED else ()


def chunk(data: bytes) -> bytes:
    """A piece of a body as one chunk; data is not empty, because that would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
