"""Messages of a visitor that came faster than its session may read them."""

from __future__ import annotations

from collections import deque

from p2claw.wire.frames.limits import Limits


class Late:
    """They are read in their order, when it is time: `pump.py`."""

    __slots__ = ("_bytes", "_limits", "_messages")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._messages: deque[bytes] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._messages)

    def add(self, message: bytes) -> bool:
        """Keep one; False at the limit of all."""
        self._messages.append(message)
        self._bytes += len(message) + self._limits.late_cost_bytes
        return self._bytes <= self._limits.late_bytes

    def take(self) -> bytes:
        """The first of them."""
        message = self._messages.popleft()
        self._bytes -= len(message) + self._limits.late_cost_bytes
        return message

    def clear(self) -> None:
        """Forget them: they were never received, and come again on another link."""
        self._messages.clear()
        self._bytes = 0
