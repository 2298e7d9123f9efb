"""Gives memory back to the system once a crowd has gone.

The parts of a link refer to each other, so that what it used is freed when Python looks for such
objects, and that is rare (`garbage.py`). glibc then keeps it for later: between what is still used,
and up to the most that was ever used.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable

# Fewer links leave less behind than it costs to look for it: to give back 80 MB takes 17 ms, a link
# with a film leaves some 500 KB. To find what 300 links leave that went at once takes 0.1 s, in
# which nobody is served.
CROWD = 8


class CrowdMemory:
    """Notices that a crowd has gone. trim: gives what is free back to the system."""

    __slots__ = ("_most", "_trim")

    def __init__(self, trim: Callable[[], None] | None = None) -> None:
        self._trim = trim or trim_heap
        self._most = 0

    def look(self, links: int) -> None:
        """Called now and then. links: how many there are."""
        self._most = max(self._most, links)
        if self._most >= CROWD and links <= self._most // 2:
            self._most = links
            self._trim()


def trim_heap() -> None:
    """Free what is left of links, and give free pages back where the C library can: malloc_trim(3),
    of glibc alone.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
