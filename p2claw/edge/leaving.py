"""WebSockets that are lost, ended a few at a time: in between, the loop serves those that are left.

When a way breaks by which thousands of boxes are connected, all of them are lost at once, and the
end of each takes as long as some requests. Their descriptors are free at once all the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

# So many are ended in one turn of the loop: at 0.2 ms each a visit waits a millisecond or two.
_AT_ONCE = 8


class Leaving:
    """Those of one listener."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._turn: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, end: Callable[[], None]) -> None:
        """Call this soon, behind those that were added before."""
        self._waiting.append(end)
        if self._turn is None:
            self._turn = self._loop.call_soon(self._end_some)

    def end_all(self) -> None:
        """Call all now: the server stops."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        while self._waiting:
            self._waiting.popleft()()

    def _end_some(self) -> None:
        self._turn = None
        try:
            for _ in range(min(_AT_ONCE, len(self._waiting))):
                self._waiting.popleft()()
        finally:
            if self._waiting and self._turn is None:
                self._turn = self._loop.call_soon(self._end_some)
