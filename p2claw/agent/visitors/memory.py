"""Gives memory back to the system once a crowd has gone.

What links used is free by then, but glibc keeps it for later: between what is still used, and up to
the most that was ever used.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

# Fewer links leave less behind than it costs to look for it: to give back 80 MB takes 17 ms, and a
# link with a film leaves some 500 KB.
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
    """Give free pages back, where the C library can: malloc_trim(3), of glibc alone."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
