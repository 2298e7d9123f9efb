"""The nodes that this one knows of, and which of those that are gone hold no box any more. Sans-IO.

That a lease has ended does not mean that its node has: it may be cut off from the bus alone, and
have its agents still. It lets them go once it learns from the store that the others call it lost,
or, if it cannot read the store either, after `UNSURE_S`. So it holds nothing `APART_S` after the
store has acknowledged that it is called lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from p2claw.coord.bus.locating import RETURN_S

# For how long a node that has no lease trusts what it read last in the store: not to be lost.
UNSURE_S = 90.0
# Over how long a node at most spreads the return of its agents.
DRAIN_S = 30.0
# What reading the store may take, and a loop that is busy.
_SPARE_S = 10.0
APART_S = UNSURE_S + DRAIN_S + _SPARE_S


@dataclass(slots=True)
class _Member:
    """ends_at: of its lease, by the clock of this node. declared_at: when the store acknowledged
    that it is called lost. has_left: it ended its lease itself, when it had no agent any more.
    """

    ends_at: float
    has_left: bool = False
    declared_at: float | None = None


class Members:
    """own: the name of this node. now: seconds of a clock that never goes back."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._members: dict[str, _Member] = {}
        self._listed_at = 0.0

    def listed(self, found: Mapping[str, tuple[float, bool]], now: float) -> None:
        """The whole list of the bus: for how many seconds each node has had no lease, below 0 while
        it has one; and whether it left by itself.

        A node that is missing, because the bus has forgotten everything, is remembered here.
        """
        self._listed_at = now
        for node, (gone_for_s, has_left) in found.items():
            self.looked(node, gone_for_s, has_left, now)
        for node in tuple(self._members):
            released_for_s = self.released_for_s(node, now)
            if node not in found and released_for_s is not None and released_for_s >= RETURN_S:
                del self._members[node]

    def looked(self, node: str, gone_for_s: float, has_left: bool, now: float) -> None:
        """As `listed`, of one node."""
        member = self._members.setdefault(node, _Member(now))
        member.ends_at = now - gone_for_s
        member.has_left = has_left
        if gone_for_s < 0:
            member.declared_at = None

    def gone_for_s(self, node: str, now: float) -> float | None:
        """For how long it has had no lease, below 0 while it has one; None: it is not known."""
        member = self._members.get(node)
        return None if member is None else now - member.ends_at

    def released_for_s(self, node: str, now: float) -> float | None:
        """For how long it certainly holds no box; None: it may hold some."""
        member = self._members.get(node)
        if member is None or now < member.ends_at:
            return None
        if member.has_left:
            return now - member.ends_at
        if member.declared_at is None or now < member.declared_at + APART_S:
            return None
        return now - member.declared_at - APART_S

    def undeclared(self) -> list[str]:
        """The nodes that are to be called lost in the store.

        Only the last list counts: a node that reads none would take all others for lost.
        """
        return [
            node
            for node, member in self._members.items()
            if node != self._own
            and self._listed_at >= member.ends_at
            and not member.has_left
            and member.declared_at is None
        ]

    def declared(self, node: str, now: float) -> None:
        """The store has acknowledged that this node is called lost."""
        member = self._members.get(node)
        if member is not None and now >= member.ends_at:
            member.declared_at = now

    def all_accounted(self, now: float) -> bool:
        """Whether each node either has its lease, or certainly holds no box."""
        return all(
            node == self._own or now < member.ends_at or self.released_for_s(node, now) is not None
            for node, member in self._members.items()
        )
