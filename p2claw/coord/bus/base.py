"""The interface of the bus, and its error."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from p2claw.coord.bus.locating import Facts, Found
from p2claw.coord.bus.messages import Message
from p2claw.errors import P2clawError


class BusError(P2clawError):
    """The bus does not respond. Boxes of this node are served on."""

    code = "bus-unavailable"


class Bus(Protocol):
    """`node`: the name of this node, drawn anew each time that it starts. `is_there`: whether the
    bus responds. `leaving`: the key aliases of boxes that this node has let go, and whose entries
    it leaves until they can be elsewhere: they are not called offline.
    """

    node: str
    is_there: bool
    leaving: set[str]

    @property
    def has_lease(self) -> bool:
        """Whether the others still see this node, as far as it can know."""
        ...

    @property
    def reached_directly(self) -> int | None:
        """To how many nodes messages go without Redis; None: this one does not do so."""
        ...

    def undeclared(self) -> list[str]:
        """Nodes whose lease has ended, and that are to be called lost in the store."""
        ...

    def declared(self, node: str) -> None:
        """The store has acknowledged that this node is called lost."""
        ...

    async def acquire(self, key_alias: str, aliases: Collection[str], facts: Facts) -> int:
        """This node has the box from now on; the fencing token. The node that had it is notified.

        Raises BusError.
        """
        ...

    async def put(self, key_alias: str, aliases: Collection[str], token: int, facts: Facts) -> int:
        """Write an entry anew, with the token that it was acquired by.

        Returns 0, or the higher token of another node that has it. Raises BusError.
        """
        ...

    async def release(self, key_alias: str, token: int) -> None:
        """This box is at no node, unless it is at another by a higher token. Raises BusError."""
        ...

    async def find(self, alias: str) -> Found:
        """Where the box with this alias, of whatever kind, is. UNKNOWN if the bus is silent."""
        ...

    def send(self, node: str, message: Message, *, later: bool = False) -> None:
        """Send to a node, in order. What does not fit into the queue is lost, as in a crash.

        later: nobody waits for it, so it may go with the next one.
        """
        ...

    def gone_nodes(self, nodes: Collection[str]) -> set[str]:
        """Those of these nodes whose lease is known to have ended."""
        ...

    async def is_gone(self, node: str) -> bool:
        """Whether this node has no lease; False if that cannot be found out."""
        ...

    async def spend(
        self, kind: str, key: str, burst: int, per_minute: float, *, count: int = 1
    ) -> float:
        """Use tokens of a bucket up that all nodes share; 0.0, or in how many seconds there are.

        count 0: only look. Raises BusError.
        """
        ...
