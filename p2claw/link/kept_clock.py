"""Whether a time server keeps this machine's clock right, as the kernel has it.

Of two clocks that differ, the one that is kept is mostly right.
"""

from __future__ import annotations

import ctypes
import sys

# adjtimex(2): what it returns while nobody has synchronised the clock, and room for its struct.
_TIME_ERROR = 5
_TIMEX_BYTES = 512


def is_clock_kept() -> bool | None:
    """None: this system does not report it."""
    if sys.platform != "linux":
        return None
    try:
        # All zero: it changes nothing, and needs no rights.
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else bool(state != _TIME_ERROR)
