"""The payloads of fixed layout: RESET, WINDOW, GOAWAY and those of `resume`.

The codec has checked the sizes of the first three.
"""

from __future__ import annotations

from struct import Struct

from p2claw.wire.frames.codes import Code, code_of
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.limits import CREDIT_MAX, REASON_BYTES

_RESET = Struct("!H")  # code u16, then the reason
_WINDOW = Struct("!I")  # credit u32
_COUNT = Struct("!Q")
_GOAWAY = Struct("!IH")  # last stream u32, code u16, then the reason


def reset_payload(code: Code, reason: str) -> bytes:
    """The payload of RESET. Source: docs/WIRE.md §2."""
    return _RESET.pack(code) + _cut(reason)


def read_reset(payload: bytes) -> tuple[Code, str]:
    """The code and the reason of a RESET."""
    (number,) = _RESET.unpack_from(payload)
    return code_of(number), _reason(payload[_RESET.size :])


def window_payload(credit: int) -> bytes:
    """The payload of WINDOW: body bytes of credit. Source: docs/WIRE.md §5."""
    return _WINDOW.pack(credit)


def read_window(payload: bytes) -> int:
    """The credit of a WINDOW, 1 to 2³¹−1. Raises SessionFault."""
    (credit,) = _WINDOW.unpack(payload)
    if not 1 <= credit <= CREDIT_MAX:
        raise SessionFault(f"WINDOW of {credit}")
    return int(credit)


def goaway_payload(last_stream: int, code: Code, reason: str) -> bytes:
    """The payload of GOAWAY. Source: docs/WIRE.md §8."""
    return _GOAWAY.pack(last_stream, code) + _cut(reason)


def read_goaway(payload: bytes) -> tuple[int, Code, str]:
    """The last stream, the code and the reason of a GOAWAY."""
    last_stream, number = _GOAWAY.unpack_from(payload)
    return last_stream, code_of(number), _reason(payload[_GOAWAY.size :])


def received_payload(received: int) -> bytes:
    """The payload of RECEIVED and of RESUMED: how many messages came. Source: docs/WIRE.md §15."""
    return _COUNT.pack(received)


def read_received(payload: bytes) -> int:
    """The count of a RECEIVED or a RESUMED. Raises SessionFault."""
    if len(payload) != _COUNT.size:
        raise SessionFault(f"a count of {len(payload)} bytes")
    (received,) = _COUNT.unpack(payload)
    return int(received)


def _cut(reason: str) -> bytes:
    # Cut between characters: what is left must still be UTF-8.
    cut = reason.encode("utf-8", "replace")[:REASON_BYTES]
    return cut.decode("utf-8", "ignore").encode()


def _reason(text: bytes) -> str:
    # It ends up in logs and on terminals: no control characters of a remote.
    reason = text.decode("utf-8", "replace")
    return (
        reason if reason.isprintable() else "".join(c if c.isprintable() else "�" for c in reason)
    )
