"""Messages of a visitor that came faster than its session may read them, or than is its turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from p2claw.wire.session.session import Session

# How many messages of one link are read in a turn of the loop: 2 to 5 ms. One batch of the socket
# is 512 KiB, which is 32 messages of a body, but 18,000 of a single byte, and half a second.
TURN_MESSAGES = 128

# So many messages of one frame each. Those of many frames are fewer, and so are those that begin or
# end requests: 128 of them were 10 ms. A message counts as so many frames beside its own.
_MESSAGE_WORK = 8
_TURN_WORK = TURN_MESSAGES * (_MESSAGE_WORK + 1)


def is_turn_over(messages: int, work: int) -> bool:
    """Whether a link has had its turn. messages: read in it. work: of the session in it."""
    return _MESSAGE_WORK * messages + work >= _TURN_WORK


class Late:
    """Messages that wait, read in their order once the session is ready, some in each turn.

    read: reads one of them. messages: those that wait; None if there are none, as mostly.
    """

    __slots__ = ("_bytes", "_loop", "_read", "_session", "_timer", "messages")

    def __init__(self, session: Session, read: Callable[[bytes], None]) -> None:
        self._session = session
        self._read = read
        self._loop = asyncio.get_running_loop()
        self.messages: deque[bytes] | None = None
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, message: bytes) -> bool:
        """Keep one. False at the limit of all: none is kept any more."""
        if self.messages is None:
            self.messages = deque()
        self.messages.append(message)
        self._bytes += self._cost(message)
        if self._bytes > self._session.limits.late_bytes:
            self.clear()
            return False
        self._arm()
        return True

    def clear(self) -> None:
        """Forget them: they were never received, and come again on another link."""
        self.messages = None
        self._bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self.messages and self._timer is None:
            self._timer = self._loop.call_at(self._session.ready_at, self._read_ready)

    def _read_ready(self) -> None:
        self._timer = None
        now = self._loop.time()
        before, read = self._session.work, 0
        while self.messages and self._session.ready_at <= now:
            if is_turn_over(read, self._session.work - before):
                break
            read += 1
            message = self.messages.popleft()
            self._bytes -= self._cost(message)
            self._read(message)
        if not self.messages:
            self.messages = None
        self._arm()

    def _cost(self, message: bytes) -> int:
        return len(message) + self._session.limits.late_cost_bytes
