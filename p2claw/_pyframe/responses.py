"""The beginning of a usual response of an app: its head, and what came with it of its body.

Nearly all responses are so: a head as RFC 9112 has it, and a body whose length it gives. All others
are left to `p2claw.agent.upstream`, which reads these alike, but in many more steps.
"""

from __future__ import annotations

from p2claw._pyframe.heads import Fields, read_head

# So much is looked at for the end of the head.
LOOK_BYTES = 4_096
# One name, one value, and what msgpack puts around them: at most 1 + 3 + 3 bytes.
FIELD_OVERHEAD_BYTES = 7
# docs/WIRE.md §4: a longer phrase is cut.
REASON_CHARS = 256

_EMPTY_LINE = b"\r\n\r\n"


def read_response(
    data: bytes | memoryview, most_bytes: int, most_fields: int
) -> tuple[int, Fields, str, bytes, int] | None:
    """Status, fields, reason, what has come of the body, and how many bytes of it are still to
    come; None if anything about it is unusual.

    most_bytes, most_fields: of a head that is passed on.
    """
    came = bytes(data)
    end = came[:LOOK_BYTES].find(_EMPTY_LINE) + len(_EMPTY_LINE)
    head = read_head(came[:end]) if end >= len(_EMPTY_LINE) else None
    if head is None:
        return None
    status, reason, fields, framing = head
    if not 200 <= status <= 599 or status in (204, 304):  # these have no body, whatever they say
        return None
    if framing is None or framing == "chunked" or len(reason) > REASON_CHARS:
        return None
    if len(fields) > most_fields or end + FIELD_OVERHEAD_BYTES * len(fields) > most_bytes:
        return None
    if any(name == "connection" and value != "keep-alive" for name, value in fields):
        return None
    left = int(framing) - (len(came) - end)
    return (status, fields, reason, came[end:], left) if left >= 0 else None
