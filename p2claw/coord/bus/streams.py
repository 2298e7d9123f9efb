"""The stream of messages for this node: kept alive, and read from where it was read last."""

from __future__ import annotations

from typing import Any

from p2claw.coord.bus.connecting import BLOCK_S
from p2claw.coord.bus.messages import Message, decode_messages
from p2claw.coord.bus.scripts import stream_key
from p2claw.errors import RemoteProtocolError
from p2claw.log import get_log

log = get_log("coordinator")

# A stream that its node does not keep is gone after so long.
KEPT_S = 60
_AT_ONCE = 200


class Stream:
    """The stream of one node. A new one begins empty, and a lost one is made again."""

    def __init__(self, client: Any, node: str) -> None:
        self._client = client
        self._key = stream_key(node)
        self._last = "0-0"
        self._numbers: dict[str, int] = {}

    async def keep(self) -> None:
        """Let it stay for `KEPT_S` more; it is made if it is not there."""
        if not await self._client.expire(self._key, KEPT_S):
            await self._client.xadd(self._key, {"o": ""})
            await self._client.expire(self._key, KEPT_S)

    async def read(self) -> list[Message]:
        """What has come; waits for `BLOCK_S` at most."""
        found = await self._client.xread(
            {self._key: self._last}, count=_AT_ONCE, block=int(BLOCK_S * 1000)
        )
        messages: list[Message] = []
        for entries in _entries(found):
            for number, fields in entries:
                self._last = number
                if fields and fields.get(b"m") and self._is_new(fields):
                    messages += _decoded(fields[b"m"])
        return messages

    def _is_new(self, fields: dict[bytes, bytes]) -> bool:
        origin, number = fields[b"o"].decode(), int(fields[b"q"])
        if number <= self._numbers.get(origin, 0):
            return False
        self._numbers[origin] = number
        return True


def _entries(found: Any) -> list[Any]:
    """redis-py returns a list of pairs, or with RESP3 a mapping."""
    if not found:
        return []
    if isinstance(found, dict):
        return [one for lists in found.values() for one in lists]
    return [entries for _, entries in found]


def _decoded(payload: bytes) -> list[Message]:
    try:
        return decode_messages(payload)
    except RemoteProtocolError as error:
        log.warning("node message not read", error=error.message)
        return []
