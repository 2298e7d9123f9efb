"""Who may hold how many of a thing that there are so many of: each visitor first, then its network.

What a holder may have depends on what is free, as queues share the memory of a switch (Choudhury,
Hahne: Dynamic Queue Length Thresholds, 1998). So a visitor may use what nobody else wants, always
leaves some, and gets no more before it has given back what others want. Nothing is taken away.
"""

from __future__ import annotations

from collections import Counter

# A network may hold so many times what is free: two thirds of all if it is alone. A visitor may
# hold as many as its network has left to hold: half of all if it is alone, and each of k visitors
# of one network 2 / (1 + 3 k) of all.
OF_FREE = 2


class Shares:
    """`total` of a thing. Holders are visitors, each of one network."""

    __slots__ = ("_held", "_of_network", "_taken", "total")

    def __init__(self, total: int) -> None:
        self.total = total
        self._taken = 0
        self._held: Counter[object] = Counter()
        self._of_network: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many are held, by all together."""
        return self._taken

    def held(self, visitor: object) -> int:
        """How many a visitor holds."""
        return self._held[visitor]

    def network_may(self, network: str) -> bool:
        """Whether any visitor of this network may have one more."""
        return self._left(network) > 0

    def may(self, visitor: object, network: str, count: int = 1) -> bool:
        """Whether this visitor may have so many more."""
        return self._held[visitor] + count <= self._left(network)

    def take(self, visitor: object, network: str, count: int = 1) -> None:
        """The visitor holds so many more, whether it may or not."""
        self._taken += count
        self._held[visitor] += count
        self._of_network[network] += count

    def give(self, visitor: object, network: str, count: int = 1) -> None:
        """The visitor gives so many back."""
        self._taken -= count
        self._held[visitor] -= count
        if not self._held[visitor]:
            del self._held[visitor]
        self._of_network[network] -= count
        if not self._of_network[network]:
            del self._of_network[network]

    def _left(self, network: str) -> int:
        return OF_FREE * (self.total - self._taken) - self._of_network[network]
