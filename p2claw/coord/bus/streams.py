"""The stream of messages for this node: kept alive, and read from where it was read last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from p2claw.coord.bus.arriving import Arriving
from p2claw.coord.bus.asking import Asking
from p2claw.coord.bus.connecting import BLOCK_S
from p2claw.coord.bus.messages import Message
from p2claw.coord.bus.scripts import stream_key

# A stream that its node does not keep is gone after so long.
KEPT_S = 60
_AT_ONCE = 200


class Stream:
    """The stream of one node. A new one begins empty, and a lost one is made again.

    reader: waits for messages, and can do nothing else meanwhile.
    """

    def __init__(self, redis: Asking, reader: Asking, node: str, arriving: Arriving) -> None:
        self._redis = redis
        self._arriving = arriving
        self._reader = reader
        self._key = stream_key(node)
        self._last = "0-0"

    async def keep(self) -> None:
        """Let it stay for `KEPT_S` more; it is made if it is not there."""
        if not await self._redis.ask("EXPIRE", self._key, KEPT_S):
            await self._redis.ask("XADD", self._key, "*", "o", "")
            await self._redis.ask("EXPIRE", self._key, KEPT_S)

    async def read(self) -> list[Message]:
        """What has come; waits for `BLOCK_S` at most."""
        found = await self._reader.ask(
            *("XREAD", "COUNT", _AT_ONCE, "BLOCK", int(BLOCK_S * 1000)),
            *("STREAMS", self._key, self._last),
        )
        messages: list[Message] = []
        for entries in _entries(found):
            for number, fields in entries:
                self._last = number
                named = fields if isinstance(fields, dict) else dict(_pairs(fields))
                if named.get(b"m"):
                    origin, number = named[b"o"].decode(), int(named[b"q"])
                    messages += self._arriving.take(origin, number, named[b"m"])
        return messages


def _entries(found: Any) -> list[Any]:
    """Redis replies with pairs in a list; what redis-py makes of it may be a mapping."""
    if not found:
        return []
    if isinstance(found, dict):
        return [one for lists in found.values() for one in lists]
    return [entries for _, entries in found]


def _pairs(fields: list[bytes] | None) -> Iterator[tuple[bytes, bytes]]:
    """Of an entry that is gone there are no fields."""
    flat = iter(fields or ())
    return zip(flat, flat, strict=True)
