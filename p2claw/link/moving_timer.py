"""A timer of the loop for a deadline that moves with nearly every message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class MovingTimer:
    """One timer for one deadline at a time.

    A deadline that has moved away does not touch the timer of the loop: that fires early, its owner
    finds nothing due, and sets it again. So a busy link sets a timer now and then, and not with
    every message.

    due: called when it fires. fires_at: when that is, on the loop's clock; infinite if it is not
    set. To set it to a later moment does nothing, so whoever sets it often need not.
    """

    __slots__ = ("_due", "_handle", "_loop", "fires_at")

    def __init__(self, due: Callable[[], None]) -> None:
        self._due = due
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        # Kept here: uvloop's handle of a moment that has passed does not know when that is.
        self.fires_at = float("inf")

    def set(self, deadline: float) -> None:
        """Fire at the deadline, on the loop's clock, or earlier if it was set to fire earlier."""
        if self.fires_at <= deadline:
            return
        if self._handle is not None:
            self._handle.cancel()
        self.fires_at = deadline
        self._handle = self._loop.call_at(deadline, self._fire)

    def cancel(self) -> None:
        """Do not fire any more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
            self.fires_at = float("inf")

    def _fire(self) -> None:
        self._handle = None
        self.fires_at = float("inf")
        self._due()
