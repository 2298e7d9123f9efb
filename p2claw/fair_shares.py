"""How many of a limited thing (links, connections) each visitor and each network may hold. Sans-IO.

That depends on how many are free, as queues share the memory of a switch (Choudhury, Hahne: Dynamic
Queue Length Thresholds, 1998). A visitor that is alone may hold many, but never all. When others
come, it gets no more until it has released some; those that it holds it keeps.
"""

from __future__ import annotations

# A network may hold so many times as many as are free: two thirds of all if it is alone. A visitor
# may hold as many as its network may still get: half of all if it is alone, and each of k visitors
# of one network 2 / (1 + 3 k) of all.
OF_FREE = 2


class FairShares:
    """The shares of `total` things. They are held by visitors, each of one network."""

    __slots__ = ("_held", "_in_use", "_of_network", "total")

    def __init__(self, total: int) -> None:
        self.total = total
        self._in_use = 0
        # Those that hold none are not in them.
        self._held: dict[object, int] = {}
        self._of_network: dict[str, int] = {}

    @property
    def in_use(self) -> int:
        """How many are held, by all visitors together."""
        return self._in_use

    @property
    def visitors(self) -> int:
        """How many visitors hold any."""
        return len(self._held)

    def held(self, visitor: object) -> int:
        """How many a visitor holds."""
        return self._held.get(visitor, 0)

    def network_may(self, network: str) -> bool:
        """Whether any visitor of this network may have one more."""
        return self._left(network) > 0

    def may(self, visitor: object, network: str, count: int = 1) -> bool:
        """Whether this visitor may have so many more."""
        left = OF_FREE * (self.total - self._in_use) - self._of_network.get(network, 0)
        return self._held.get(visitor, 0) + count <= left

    def take(self, visitor: object, network: str) -> bool:
        """The visitor holds one more, if it may; whether it does."""
        held, of_network = self._held.get(visitor, 0), self._of_network.get(network, 0)
        if held + 1 > OF_FREE * (self.total - self._in_use) - of_network:
            return False
        self._in_use += 1
        self._held[visitor] = held + 1
        self._of_network[network] = of_network + 1
        return True

    def hold(self, visitor: object, network: str, count: int = 1) -> None:
        """The visitor holds so many more, whether it may or not."""
        self.change(visitor, network, count)

    def release(self, visitor: object, network: str, count: int = 1) -> None:
        """The visitor holds so many fewer."""
        self.change(visitor, network, -count)

    def change(self, visitor: object, network: str, more: int) -> None:
        """The visitor holds so many more, whether it may or not, or so many fewer."""
        # Written out twice: every request comes here several times.
        self._in_use += more
        held = self._held
        if now := held.get(visitor, 0) + more:
            held[visitor] = now
        else:
            held.pop(visitor, None)
        of_network = self._of_network
        if now := of_network.get(network, 0) + more:
            of_network[network] = now
        else:
            of_network.pop(network, None)

    def _left(self, network: str) -> int:
        return OF_FREE * (self.total - self._in_use) - self._of_network.get(network, 0)
