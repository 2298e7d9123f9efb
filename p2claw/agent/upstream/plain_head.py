"""Reads the head of a response that is written as RFC 9112 has it, which nearly all are.

Whatever is unusual in a head is left to `lenient.py`: what is read here, it reads alike, but in
three times the time.
"""

from __future__ import annotations

import re
from functools import lru_cache

from p2claw.agent.upstream.lenient import LenientHead

_STATUS = re.compile(r"HTTP/1\.1 ([0-9]{3}) ([\t\x20-\x7e\x80-\xff]*)")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANKS = " \t"
_FRAMING = frozenset(("content-length", "transfer-encoding"))
_LENGTH = re.compile(r"0|[1-9][0-9]{0,17}")

# Longer names are not remembered, so that they cannot fill the memory.
_NAME_CHARS = 64


def read_plain_head(head: bytes) -> LenientHead | None:
    """head: everything up to and with the first empty line, which ends with CR LF.

    None if it has to be read by `read_head`.
    """
    text = head.decode("latin-1")
    first, *lines = text[:-4].split("\r\n")
    line_ends = len(lines) + 2
    if text.count("\n") != line_ends or text.count("\r") != line_ends or "\0" in text:
        return None
    status = _STATUS.fullmatch(first)
    if status is None:
        return None
    fields: list[tuple[str, str]] = []
    framing = ""
    for line in lines:
        written, _, value = line.partition(":")
        name = _lower(written) if len(written) <= _NAME_CHARS else ""
        if not name or len(written) == len(line):
            return None
        value = value.strip(_BLANKS)
        if name in _FRAMING:
            right = _LENGTH.fullmatch(value) if name == "content-length" else value == "chunked"
            if framing or not right:
                return None
            framing = value
        fields.append((name, value))
    chunked = framing == "chunked"
    return LenientHead(
        status=int(status[1]),
        reason=status[2].strip(_BLANKS),
        fields=tuple(fields),
        old=False,
        length=int(framing) if framing and not chunked else None,
        chunked=chunked,
        doubtful=False,
    )


@lru_cache(maxsize=512)
def _lower(name: str) -> str:
    """A name in lower case; "" if it is not a token."""
    return name.lower() if _TOKEN.fullmatch(name) else ""
