"""Heads of HTTP, field by field: those that cross a link are checked, those of HTTP/1.1 read and
written.

What a head means is left to `p2claw.wire.frames.heads` and to `p2claw.agent.upstream`.
"""

from __future__ import annotations

import re
from typing import Any

Fields = tuple[tuple[str, str], ...]

# RFC 9110 §5.6.2: a token; field names are lower-case on a link.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
# RFC 9110 §5.5: one character is one octet. CR, LF and NUL would end the field somewhere else.
_VALUE = re.compile(r"[^\x00\r\n\u0100-\U0010ffff]*")
# Nothing that ends a line, and nothing that some server might read as the end of one.
_PRINTABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_STATUS = re.compile(r"HTTP/1\.1 ([0-9]{3}) ([\t\x20-\x7e\x80-\xff]*)")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,17}")
_BLANKS = " \t"


def fields_fault(fields: tuple[Any, ...]) -> str | None:
    """Why these are no fields as docs/WIRE.md §4 has them; None if they are."""
    for field in fields:
        if type(field) is not tuple or len(field) != 2 or not all(type(s) is str for s in field):
            return "a field that is not a name and a value"
    if not all(_NAME.fullmatch(name) for name, _ in fields):
        return "a field name that is not a lower-case token"
    if not all(_VALUE.fullmatch(value) for _, value in fields):
        return "a field value with a character that is not allowed"
    return None


def read_head(head: bytes) -> tuple[int, str, Fields, str | None] | None:
    """Read the head of a response that is written as RFC 9112 has it: status, reason, fields, and
    the one that shows where the body ends: a length, "chunked", or None if there is no such field.

    head: everything up to and with the first CR LF CR LF. None: something in it is unusual, or
    wrong.
    """
    if not head.endswith(b"\r\n\r\n"):
        return None
    text = head.decode("latin-1")
    first, *lines = text[:-4].split("\r\n")
    line_ends = len(lines) + 2
    if text.count("\n") != line_ends or text.count("\r") != line_ends or "\0" in text:
        return None
    status = _STATUS.fullmatch(first)
    if status is None:
        return None
    fields: list[tuple[str, str]] = []
    framing = None
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            return None
        name, value = name.lower(), value.strip(_BLANKS)
        if name in ("content-length", "transfer-encoding"):
            right = _LENGTH.fullmatch(value) if name == "content-length" else value == "chunked"
            if framing is not None or not right:
                return None
            framing = value
        fields.append((name, value))
    return int(status[1]), status[2].strip(_BLANKS), tuple(fields), framing


def write_head(first: str, host: str, fields: Fields, more: Fields) -> bytes | None:
    """The head of a request, to the empty line: its first line, Host, and all other fields.

    None if a line would end early, or has a character that is no octet.
    """
    lines = [first, f"host: {host}", *(f"{name}: {value}" for name, value in (*fields, *more))]
    if not all(map(_PRINTABLE.fullmatch, lines[:2])) or not all(map(_VALUE.fullmatch, lines[2:])):
        return None
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
