"""How much of a core this process uses, from one report to the next."""

from __future__ import annotations

from collections.abc import Callable


class CoreShare:
    """now_s: a monotonic clock. used_s: CPU seconds of this process."""

    def __init__(self, now_s: Callable[[], float], used_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._used_s = used_s
        self._last = now_s(), used_s()

    def percent(self) -> int:
        """Of one core, since this was called last, or since it was made."""
        before_s, before_used_s = self._last
        self._last = now_s, used_s = self._now_s(), self._used_s()
        if now_s <= before_s:
            return 0
        return max(0, round(100 * (used_s - before_used_s) / (now_s - before_s)))
