"""Reads the head of a response that is written as RFC 9112 has it, which nearly all are.

Whatever is unusual in a head is left to `lenient.py`: what is read here, it reads alike, but in
eight times the time.
"""

from __future__ import annotations

from p2claw._codec import chosen
from p2claw.agent.upstream.lenient import LenientHead

CHUNKED = "chunked"


def read_plain_head(head: bytes) -> LenientHead | None:
    """head: everything up to and with the first empty line, which ends with CR LF.

    None if it has to be read by `read_head`.
    """
    plain = chosen.read_head(head)
    if plain is None:
        return None
    status, reason, fields, framing = plain
    length = None if framing is None or framing == CHUNKED else int(framing)
    # By their places, in half the time: old, length, chunked, doubtful.
    return LenientHead(status, reason, fields, False, length, framing == CHUNKED, False)
