"""Signalling messages that wait for one control connection, up to a limit."""

from __future__ import annotations

import asyncio
from collections import deque

from p2claw.log import get_log
from p2claw.wire.signalling import AgentMessage

log = get_log("agent")

# A link sends one answer and some ten candidates. So many messages wait only if the coordinator
# does not read. A dropped one costs a visitor one try, and the connection will be given up soon.
MESSAGES = 512


class Unsent:
    """A queue with one reader. Once it is closed, everything put into it is dropped."""

    def __init__(self) -> None:
        self._waiting: deque[AgentMessage] = deque()
        self._something = asyncio.Event()
        self._closed = False

    def put(self, message: AgentMessage) -> None:
        """Queue a message. Never blocks. Drops it if the connection is gone or does not read."""
        if self._closed:
            return
        if len(self._waiting) >= MESSAGES:
            log.warning("signalling dropped", message=type(message).__name__)
            return
        self._waiting.append(message)
        self._something.set()

    async def get(self) -> AgentMessage:
        """Wait for the next message, in order."""
        while not self._waiting:
            self._something.clear()
            await self._something.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """The connection is gone: drop what waits, and what is put in later."""
        self._closed = True
        self._waiting.clear()
