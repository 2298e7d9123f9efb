"""The messages of this node to others: by a trunk where there is one, else into the node's stream.

What goes to one node keeps its order, also when the way changes: each batch has a number. One that
may not have come is written again under its number, and whoever reads it twice passes over the
second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from p2claw.coord.bus.asking import Asking
from p2claw.coord.bus.messages import Message, encode_messages
from p2claw.coord.bus.scripts import stream_key
from p2claw.coord.bus.trunks.frames import Batch
from p2claw.coord.bus.trunks.trunks import Trunks

# Messages that wait; above that they are lost, and the visits that they belong to time out.
MOST_WAITING = 4_096
# Messages in one batch.
MOST_AT_ONCE = 64
# Entries of a stream, about: at the limit the oldest go. A node that reads so few is gone.
MOST_ENTRIES = 10_000
# What nobody waits for is written with the next message that somebody does, or after so long.
LATER_S = 0.1
# For how long writing is tried again. A visitor waits for an answer twice as long.
TRIED_S = 5.0
_RETRY_S = 0.2


@dataclass(slots=True)
class _Waiting:
    """For the stream of one node. batches: have their numbers, and go before the messages."""

    batches: deque[Batch] = field(default_factory=deque)
    messages: deque[Message] = field(default_factory=deque)


class Outgoing:
    """`put` never waits; `run` writes into streams. lives: whether a node is known to have its
    lease.
    """

    def __init__(self, redis: Asking, node: str, lives: Callable[[str], bool]) -> None:
        self._redis = redis
        self._node = node
        self._lives = lives
        self._trunks: Trunks | None = None
        self._waiting: dict[str, _Waiting] = {}
        self._count = 0  # of messages that wait
        self._filled = asyncio.Event()
        self._number = 0
        self._soon: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None

    def use(self, trunks: Trunks) -> None:
        """Send by these, where they are open."""
        self._trunks = trunks
        trunks.on_open = self._opened
        trunks.on_lost = self._lost

    def put(self, node: str, message: Message, *, later: bool = False) -> bool:
        """Send to this node, `LATER_S` later if so; False: too much waits, and it is lost."""
        if self._count >= MOST_WAITING:
            return False
        self._count += 1
        self._waiting.setdefault(node, _Waiting()).messages.append(message)
        loop = asyncio.get_running_loop()
        if not later and self._soon is None:
            # What is put in the same turn of the loop goes together.
            self._soon = loop.call_soon(self._send)
        elif later and self._later is None:
            self._later = loop.call_later(LATER_S, self._send)
        return True

    async def run(self) -> None:
        """Write what goes into streams, until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            await self.flush()

    async def flush(self) -> None:
        """Write all that waits, or lose it after `TRIED_S`."""
        self._send()
        while self._waiting:
            # Order counts between messages for one node alone.
            await asyncio.gather(*(self._write_all(node) for node in tuple(self._waiting)))

    def _send(self) -> None:
        """Send what goes by trunks; the rest is for `run`."""
        for handle in (self._soon, self._later):
            if handle is not None:
                handle.cancel()
        self._soon = self._later = None
        trunks = self._trunks
        for node in tuple(self._waiting):
            if trunks is not None and trunks.is_open(node):
                self._by_trunk(trunks, node)
        if self._waiting:
            self._filled.set()

    def _by_trunk(self, trunks: Trunks, node: str) -> None:
        waiting = self._waiting.pop(node)
        # Those with numbers are kept by the trunk, which has sent them when it was opened.
        while waiting.messages:
            batch = self._batch(waiting.messages)
            if not trunks.send(node, batch):
                trunks.keep(node, batch)
                again = self._waiting.setdefault(node, _Waiting())  # after what was lost with it
                again.batches.append(batch)
                again.messages = waiting.messages
                return

    def _batch(self, messages: deque[Message]) -> Batch:
        some = [messages.popleft() for _ in range(min(len(messages), MOST_AT_ONCE))]
        self._count -= len(some)
        self._number += 1
        return Batch(self._number, encode_messages(some))

    def _opened(self, node: str) -> None:
        if node in self._waiting:
            self._send()

    def _lost(self, node: str, batches: list[Batch]) -> None:
        if batches:
            # What waits for this node beside them has no numbers yet, or higher ones.
            self._waiting.setdefault(node, _Waiting()).batches.extendleft(reversed(batches))
            self._filled.set()

    async def _write_all(self, node: str) -> None:
        waiting = self._waiting.pop(node, None)
        if waiting is None:
            return  # it has gone by a trunk meanwhile
        batches = list(waiting.batches)
        while waiting.messages:
            batch = self._batch(waiting.messages)
            if self._trunks is not None:
                self._trunks.keep(node, batch)
            batches.append(batch)
        for batch in batches:
            await self._write(node, batch)

    async def _write(self, node: str, batch: Batch) -> None:
        fields = ("o", self._node, "q", batch.number, "m", batch.payload)
        deadline = asyncio.get_running_loop().time() + TRIED_S
        while True:
            try:
                written = await self._redis.ask(
                    *("XADD", stream_key(node), "NOMKSTREAM"),
                    *("MAXLEN", "~", MOST_ENTRIES, "*", *fields),
                )
                # A stream that is not there is of a node that has ended; or Redis has forgotten
                # everything, and its node makes it again within seconds.
                if written is not None or not self._lives(node):
                    return
            except (RedisError, OSError, TimeoutError):
                pass
            if asyncio.get_running_loop().time() >= deadline:
                return
            await asyncio.sleep(_RETRY_S)
