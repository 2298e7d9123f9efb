"""What has come from other nodes, each batch once, by whichever way. Sans-IO but for its log."""

from __future__ import annotations

from p2claw.coord.bus.messages import Message, decode_messages
from p2claw.errors import RemoteProtocolError
from p2claw.log import get_log

log = get_log("coordinator")


class Arriving:
    """The number of the last batch of each node: lower ones have come before."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def last(self, origin: str) -> int:
        """Of this node; 0: none."""
        return self._last.get(origin, 0)

    def take(self, origin: str, number: int, payload: bytes) -> list[Message]:
        """Its messages, if it has not come before."""
        if number <= self.last(origin):
            return []
        self._last[origin] = number
        try:
            return decode_messages(payload)
        except RemoteProtocolError as error:
            log.warning("node message not read", error=error.message)
            return []
