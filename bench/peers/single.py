"""What peers of other stacks share: one channel, one user of it, named later than it opens."""

from __future__ import annotations

import asyncio
from collections import deque

from p2claw.errors import LinkError
from p2claw.link.channel import ChannelUser

LABEL, PROTOCOL, CHANNEL_ID = "p2claw", "p2claw/1", 0


class Single:
    """The half of a `Channel` that receives. It notifies its user; until there is one, it keeps."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._user: ChannelUser | None = None
        self._early: deque[bytes] = deque()
        self._low_water_bytes = 0
        self._is_closed = False

    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None:
        self._low_water_bytes = low_water_bytes
        self._user = user
        while self._early:
            user.message_received(self._early.popleft())
        if self._is_closed:
            user.channel_closed()

    def detach(self) -> None:
        """Its one user stays."""

    def flush(self) -> None:
        """Other stacks send by themselves."""

    async def until_open(self, timeout_s: float) -> None:
        """Raises LinkError `link-timeout`."""
        try:
            await asyncio.wait_for(self._opened.wait(), timeout_s)
        except TimeoutError:
            raise LinkError(
                f"the channel did not open within {timeout_s:g} s", code="link-timeout"
            ) from None

    def received(self, message: bytes) -> None:
        if self._user is not None:
            self._user.message_received(message)
        else:
            self._early.append(message)

    def drained(self) -> None:
        if self._user is not None:
            self._user.channel_drained()

    def closed(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            if self._user is not None:
                self._user.channel_closed()
