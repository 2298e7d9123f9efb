"""What a node may believe of its own lease, and which boxes it holds by which token. Sans-IO.

A node has one lease, however many boxes it has: a million leases, each renewed, would fill a Redis.
Where a box is stands in an entry without a clock of its own, which counts while the lease of its
node does. The entry has a fencing token: whoever registers a box gets a higher one than any before,
and nothing that is written with a lower one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# The others see that a node is gone 8 + 2 = 10 s after it renewed last, at the latest: it expires
# after LEASE_S, and each of them reads the list of nodes when it renews its own.
LEASE_S = 8.0
RENEW_S = 2.0


class NodeLease:
    """The lease of this node. now: seconds of a clock that never goes back."""

    def __init__(self, now: float) -> None:
        self._until = now
        self._due = now

    def next_renewal(self) -> float:
        """When to ask for it again."""
        return self._due

    def asked(self, now: float) -> None:
        """It is asked for at this moment."""
        self._due = now + RENEW_S

    def renewed(self, asked_at: float) -> None:
        """The request of that moment succeeded. The lease counts from then, and not from now: the
        reply may have taken long, and the others count from when it was written.
        """
        self._until = max(self._until, asked_at + LEASE_S)

    def is_held(self, now: float) -> bool:
        """Whether the others still see this node, as far as it can know."""
        return now < self._until


@dataclass(frozen=True, slots=True)
class Tenure:
    """This node holds a box by this control connection and token."""

    connection: int
    key_alias: str
    token: int


class Tenures:
    """The boxes that this node holds. One box may have two for a moment, while it is replaced."""

    def __init__(self) -> None:
        self._by_connection: dict[int, Tenure] = {}
        self._of_box: dict[str, set[int]] = {}

    def __len__(self) -> int:
        return len(self._by_connection)

    def __iter__(self) -> Iterator[Tenure]:
        return iter(tuple(self._by_connection.values()))

    def begin(self, tenure: Tenure) -> None:
        """A box has registered here, or has another token from now on."""
        self._by_connection[tenure.connection] = tenure
        self._of_box.setdefault(tenure.key_alias, set()).add(tenure.connection)

    def of(self, connection: int) -> Tenure | None:
        """By which token the box with this connection is held."""
        return self._by_connection.get(connection)

    def end(self, connection: int) -> Tenure | None:
        """The control connection is over; its tenure, if it had one."""
        tenure = self._by_connection.pop(connection, None)
        if tenure is not None:
            of_box = self._of_box[tenure.key_alias]
            of_box.discard(connection)
            if not of_box:
                del self._of_box[tenure.key_alias]
        return tenure

    def connections(self, key_alias: str) -> list[int]:
        """Every connection of this box."""
        return sorted(self._of_box.get(key_alias, ()))

    def superseded(self, key_alias: str, token: int) -> list[int]:
        """The connections of this box that are older than this token: the box is elsewhere."""
        return [
            connection
            for connection in self.connections(key_alias)
            if self._by_connection[connection].token < token
        ]
