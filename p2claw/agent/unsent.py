"""What waits to be said on one control connection: bounded, and silent once that is closed."""

from __future__ import annotations

import asyncio
from collections import deque

from p2claw.log import get_log
from p2claw.wire.signalling import AgentMessage

log = get_log("agent")

# A link says an answer and some ten candidates. Above this the coordinator does not read: what is
# dropped costs a visitor a try, and the connection itself is about to be given up.
MESSAGES = 512


class Unsent:
    def __init__(self) -> None:
        self._waiting: deque[AgentMessage] = deque()
        self._something = asyncio.Event()
        self._closed = False

    def put(self, message: AgentMessage) -> None:
        """Say it soon. Never blocks; dropped where the connection is gone or does not read."""
        if self._closed:
            return
        if len(self._waiting) >= MESSAGES:
            log.warning("signalling dropped", message=type(message).__name__)
            return
        self._waiting.append(message)
        self._something.set()

    async def get(self) -> AgentMessage:
        """The next one, in order."""
        while not self._waiting:
            self._something.clear()
            await self._something.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """The connection is gone: what is or comes in is dropped."""
        self._closed = True
        self._waiting.clear()
