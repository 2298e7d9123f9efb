"""Writes the head of a request to an upstream, HTTP/1.1 (RFC 9112), and the chunks of a body.

`http/fields.py` chooses the fields. Here they are checked once more, so that no value can end a
line or a head, whatever was checked before.
"""

from __future__ import annotations

import re

from p2claw.agent.request_faults import BadRequestFault
from p2claw.agent.upstream.lenient import Fields

# Browsers send whatever else a page puts into a value, and the app is to judge it.
_FIRST_LINES = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

# RFC 9110 §8.6: with these a missing Content-Length would leave the server in doubt; Fetch §4.6.
BODY_EXPECTED = frozenset(("POST", "PUT"))

LAST_CHUNK = b"0\r\n\r\n"


def request_head(method: str, target: str, host: str, fields: Fields, framing: Fields) -> bytes:
    """The head, to the empty line.

    fields: without Host and without the framing of the body, which comes last.
    Raises BadRequestFault.
    """
    first = [f"{method} {target} HTTP/1.1", f"host: {host}"]
    lines = first + [f"{name}: {value}" for name, value in (*fields, *framing)]
    text = "\r\n".join(lines)
    try:
        encoded = text.encode("latin-1")
    except UnicodeEncodeError:
        raise BadRequestFault("A field has a character that is no octet") from None
    # No line may have another end of a line in it, nor what some server might read as one.
    ends = len(lines) - 1
    whole = encoded.count(b"\r") == encoded.count(b"\n") == ends and b"\0" not in encoded
    if not whole or not all(map(_FIRST_LINES.fullmatch, first)):
        raise BadRequestFault("A field has a character that is not allowed")
    return encoded + b"\r\n\r\n"


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
