"""How many requests a box goes on with though their links are lost: of one visitor, and in all.

Which requests those are, and for how long, is `handling.py`'s.
"""

from __future__ import annotations

from collections import Counter


class Keeping:
    """The places of one process. kept: of all visitors together. per_visitor: of each."""

    def __init__(self, kept: int, per_visitor: int) -> None:
        self.refused = 0  # places that were wanted and not had
        self._left = kept
        self._per_visitor = per_visitor
        self._in_use: Counter[str] = Counter()

    def of(self, visitor: str) -> KeptPlaces:
        """The places for a link of this visitor. visitor: the coordinator's name for it."""
        return KeptPlaces(self, visitor)

    def reserve(self, visitor: str, wanted: int) -> int:
        """As many of the wanted places as there are. Each is to be given back."""
        granted = max(0, min(wanted, self._left, self._per_visitor - self._in_use[visitor]))
        self._count(visitor, granted)
        self.refused += wanted - granted
        return granted

    def give(self, visitor: str, places: int) -> None:
        self._count(visitor, -places)

    def _count(self, visitor: str, more: int) -> None:
        self._left -= more
        self._in_use[visitor] += more
        if not self._in_use[visitor]:
            del self._in_use[visitor]


class KeptPlaces:
    """Those of one visitor."""

    __slots__ = ("_keeping", "_visitor")

    def __init__(self, keeping: Keeping, visitor: str) -> None:
        self._keeping = keeping
        self._visitor = visitor

    def reserve(self, wanted: int) -> int:
        return self._keeping.reserve(self._visitor, wanted)

    def give(self, places: int) -> None:
        self._keeping.give(self._visitor, places)
