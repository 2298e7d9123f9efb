"""Reads the head of an upstream's response as browsers do, which is less strict than RFC 9112.

An app that browsers have always shown must not fail because there is a box between. How browsers
read each fault was measured: tests/agent/upstream/lax_responses.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from p2claw.agent.request_faults import AppBrokenFault
from p2claw.value_class import value_class

Fields = tuple[tuple[str, str], ...]

# The first empty line, whichever way lines end.
HEAD_END = re.compile(rb"\n\r?\n")

_PROTOCOL = b"http"
_LINE_END = re.compile(r"\r\n?|\n")
_STATUS = re.compile(
    r"http(?:/([0-9])(?:\.([0-9]))?)?[ \t]+([0-9]{3})(?![0-9])[ \t]*(.*)", re.I | re.S
)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANKS = " \t"


@value_class(frozen=True, slots=True)
class LenientHead:
    """The head of a response. fields: lower-case names, ISO-8859-1 values. old: before HTTP/1.1.

    length: of the body, None if the fields do not give it. chunked: the body comes in chunks.
    doubtful: the fields contradict each other about this, so what follows the body may be part of
    it.
    """

    status: int
    reason: str
    fields: Fields
    old: bool
    length: int | None
    chunked: bool
    doubtful: bool


def may_begin_head(begun: bytes | bytearray) -> bool:
    """Whether what has come so far may be the beginning of a head."""
    start = bytes(begun[:64]).lstrip(b"\r\n")[: len(_PROTOCOL)].lower()
    return _PROTOCOL.startswith(start)


def read_head(head: bytes) -> LenientHead:
    """head: everything up to and with the empty line, or to where the upstream broke off.

    Raises AppBrokenFault for what browsers refuse too.
    """
    if b"\0" in head:
        raise AppBrokenFault("The app's response has a NUL among its fields")
    first, *lines = _LINE_END.split(head.decode("latin-1").lstrip("\r\n"))
    status = _STATUS.fullmatch(first)
    if status is None:
        raise AppBrokenFault("The app does not speak HTTP/1.1")
    old = (status[1] or "1") + (status[2] or "0") < "11"
    fields = tuple(_fields(lines))
    chunked = not old and any(
        token.strip().lower() == "chunked"
        for name, value in fields
        if name == "transfer-encoding"
        for token in value.split(",")
    )
    length = None if chunked else _length(fields)
    framing = [item for item in fields if item[0] in ("content-length", "transfer-encoding")]
    odd = any(name == "transfer-encoding" and value.lower() != "chunked" for name, value in framing)
    doubtful = odd or len(framing) > 1
    fields = tuple(_with_length(fields, length))
    return LenientHead(
        status=int(status[3]),
        reason=status[4].strip(_BLANKS),
        fields=fields,
        old=old,
        length=length,
        chunked=chunked,
        doubtful=doubtful,
    )


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    """The fields in lines. Folded lines are joined; a line without a valid name is ignored."""
    fields: list[tuple[str, str]] = []
    for line in _unfolded(lines):
        name, colon, value = line.partition(":")
        name = name.rstrip(_BLANKS)
        if colon and _TOKEN.fullmatch(name):
            fields.append((name.lower(), value.strip(_BLANKS)))
    return fields


def _unfolded(lines: list[str]) -> list[str]:
    if not any(line.startswith((" ", "\t")) for line in lines):
        return lines
    whole: list[str] = []
    for line in lines:
        if not line.startswith((" ", "\t")):
            whole.append(line)
        elif whole:
            whole[-1] = whole[-1].rstrip(_BLANKS) + " " + line.strip(_BLANKS)
    return whole


def _with_length(fields: Fields, length: int | None) -> Iterator[tuple[str, str]]:
    """The fields with Content-Length once at most, and only if it is valid."""
    for name, value in fields:
        if name != "content-length":
            yield name, value
        elif length is not None:
            yield name, str(length)
            length = None


def _length(fields: Fields) -> int | None:
    """The Content-Length, None if it is no number. Raises AppBrokenFault if two differ."""
    values = {
        item.strip()
        for name, value in fields
        if name == "content-length"
        for item in value.split(",")
    }
    lengths = {int(text) for text in values if text.isascii() and text.isdigit() and len(text) < 19}
    if len(lengths) > 1:
        raise AppBrokenFault("The app's response has two lengths")
    return next(iter(lengths)) if lengths and len(values) == 1 else None
