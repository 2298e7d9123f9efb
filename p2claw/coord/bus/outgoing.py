"""The messages of this node to others: one queue, written in order, several in one entry.

Each entry has a number. One whose writing was not acknowledged is written again with the same
number, and whoever reads it twice passes over the second.
"""

from __future__ import annotations

import asyncio
from collections import deque

from redis.exceptions import RedisError

from p2claw.coord.bus.asking import Asking
from p2claw.coord.bus.messages import Message, encode_messages
from p2claw.coord.bus.scripts import stream_key

# Messages that wait; above that they are lost, and the visits that they belong to time out.
MOST_WAITING = 4_096
# Messages in one entry.
MOST_AT_ONCE = 64
# Entries of a stream, about: at the limit the oldest go. A node that reads so few is gone.
MOST_ENTRIES = 10_000
# What nobody waits for is written with the next message that somebody does, or after so long.
LATER_S = 0.1
# For how long writing is tried again. A visitor waits for an answer twice as long.
TRIED_S = 5.0
_RETRY_S = 0.2


class Outgoing:
    """Used by one task, `run`; `put` never waits."""

    def __init__(self, redis: Asking, node: str) -> None:
        self._redis = redis
        self._node = node
        self._waiting: deque[tuple[str, Message]] = deque()
        self._filled = asyncio.Event()
        self._number = 0
        self._later: asyncio.TimerHandle | None = None

    def put(self, node: str, message: Message, *, later: bool = False) -> bool:
        """Send to this node, `LATER_S` later if so; False: too much waits, and it is lost."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append((node, message))
        if not later:
            self._filled.set()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(LATER_S, self._filled.set)
        return True

    async def run(self) -> None:
        """Write what is put, until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            if self._later is not None:
                self._later.cancel()
                self._later = None
            await self.flush()

    async def flush(self) -> None:
        """Write all that waits, or lose it after `TRIED_S`."""
        while self._waiting:
            entries: dict[str, list[Message]] = {}
            while self._waiting:
                node, message = self._waiting[0]
                messages = entries.setdefault(node, [])
                if len(messages) == MOST_AT_ONCE:
                    break
                messages.append(message)
                self._waiting.popleft()
            if len(entries) == 1:
                await self._write(*entries.popitem())
            else:  # order counts between messages for one node alone
                await asyncio.gather(*(self._write(*entry) for entry in entries.items()))

    async def _write(self, node: str, messages: list[Message]) -> None:
        self._number += 1
        fields = ("o", self._node, "q", self._number, "m", encode_messages(messages))
        deadline = asyncio.get_running_loop().time() + TRIED_S
        while True:
            try:
                # A stream that is not there is of a node that has ended.
                await self._redis.ask(
                    *("XADD", stream_key(node), "NOMKSTREAM"),
                    *("MAXLEN", "~", MOST_ENTRIES, "*", *fields),
                )
                return
            except (RedisError, OSError, TimeoutError):
                if asyncio.get_running_loop().time() >= deadline:
                    return
                await asyncio.sleep(_RETRY_S)
