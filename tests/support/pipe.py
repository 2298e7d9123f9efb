"""Two channels in memory, each the other's far end: what a link does, without a network."""

from __future__ import annotations

import asyncio
from collections import deque

from p2claw.link.channel import ChannelUser


class PipeEnd:
    """One end. A message arrives in the next turn of the loop, unless this end is held.

    sent: every message that was given to `send`.
    """

    def __init__(self) -> None:
        self.far: PipeEnd = self
        self.sent: list[bytes] = []
        self.closed = False
        self.was_closed = False
        self._user: ChannelUser | None = None
        self._early: deque[bytes] = deque()
        self._waiting: deque[bytes] = deque()
        self._held = False
        self._low_water_bytes = 0
        self._closing = False

    @property
    def buffered_bytes(self) -> int:
        return sum(map(len, self._waiting))

    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None:
        self._user = user
        self._low_water_bytes = low_water_bytes
        while self._early and self._user is user:
            user.message_received(self._early.popleft())

    def detach(self) -> None:
        self._user = None

    def send(self, message: bytes) -> None:
        if self.closed or self._closing:
            return
        self.sent.append(message)
        self._waiting.append(message)
        if not self._held:
            asyncio.get_running_loop().call_soon(self._carry)

    def flush(self) -> None:
        """Everything leaves in the next turn of the loop."""

    def close(self) -> None:
        """Close once everything that was sent has arrived."""
        self._closing = True
        asyncio.get_running_loop().call_soon(self._carry)

    def hold(self) -> None:
        """Let nothing out, as a path without room does."""
        self._held = True

    def release(self, messages: int | None = None) -> None:
        """Let some of what waits out, or all and everything from now on."""
        if messages is None:
            self._held = False
        self._deliver(len(self._waiting) if messages is None else messages)

    def lose(self) -> None:
        """Cut the path: both ends close at once, and nothing that waits arrives."""
        for end in (self, self.far):
            end._waiting.clear()
            end._close()

    def _carry(self) -> None:
        if not self._held:
            self._deliver(len(self._waiting))

    def _deliver(self, messages: int) -> None:
        before = self.buffered_bytes
        for _ in range(min(messages, len(self._waiting))):
            message = self._waiting.popleft()
            if self.far._user is None:
                self.far._early.append(message)
            elif not self.far.closed:
                self.far._user.message_received(message)
        if self._user is not None and before > self._low_water_bytes >= self.buffered_bytes:
            self._user.channel_drained()
        if self._closing and not self._waiting:
            self.far.was_closed = True
            self.far._close()
            self._close()

    def _close(self) -> None:
        if not self.closed:
            self.closed = True
            if self._user is not None:
                self._user.channel_closed()


def pipe() -> tuple[PipeEnd, PipeEnd]:
    """Both ends of a new pipe."""
    one, other = PipeEnd(), PipeEnd()
    one.far, other.far = other, one
    return one, other
