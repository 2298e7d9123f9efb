"""The messages of this node to others: one queue, written in order, several in one entry.

Each entry has a number. One whose writing was not acknowledged is written again with the same
number, and whoever reads it twice passes over the second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from redis.exceptions import RedisError

from p2claw.coord.bus.connecting import REPLY_S
from p2claw.coord.bus.messages import Message, encode_messages
from p2claw.coord.bus.scripts import stream_key

# Messages that wait; above that they are lost, and the visits that they belong to time out.
MOST_WAITING = 4_096
# Messages in one entry.
MOST_AT_ONCE = 64
# Entries of a stream, about: at the limit the oldest go. A node that reads so few is gone.
MOST_ENTRIES = 10_000
# For how long writing is tried again. A visitor waits for an answer twice as long.
TRIED_S = 5.0
_RETRY_S = 0.2


class Outgoing:
    """Used by one task, `run`; `put` never waits."""

    def __init__(self, client: Any, node: str) -> None:
        self._client = client
        self._node = node
        self._waiting: deque[tuple[str, Message]] = deque()
        self._filled = asyncio.Event()
        self._number = 0

    def put(self, node: str, message: Message) -> bool:
        """Send to this node; False: too much waits, and it is lost."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append((node, message))
        self._filled.set()
        return True

    async def run(self) -> None:
        """Write what is put, until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            await self.flush()

    async def flush(self) -> None:
        """Write all that waits, or lose it after `TRIED_S`."""
        while self._waiting:
            node, first = self._waiting.popleft()
            messages = [first]
            while len(messages) < MOST_AT_ONCE and self._waiting and self._waiting[0][0] == node:
                messages.append(self._waiting.popleft()[1])
            self._number += 1
            await self._write(node, messages)

    async def _write(self, node: str, messages: list[Message]) -> None:
        fields = {"o": self._node, "q": self._number, "m": encode_messages(messages)}
        deadline = asyncio.get_running_loop().time() + TRIED_S
        while True:
            try:
                async with asyncio.timeout(REPLY_S):
                    # A stream that is not there is of a node that has ended.
                    await self._client.xadd(
                        stream_key(node),
                        fields,
                        maxlen=MOST_ENTRIES,
                        approximate=True,
                        nomkstream=True,
                    )
                return
            except (RedisError, OSError, TimeoutError):
                if asyncio.get_running_loop().time() >= deadline:
                    return
                await asyncio.sleep(_RETRY_S)
