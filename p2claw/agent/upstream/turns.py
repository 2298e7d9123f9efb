"""Requests that wait for a turn, and which of them is next.

First a visitor is chosen: the one that holds the fewest connections; among equals, the one whose
last turn is longest ago. Then one of its requests: the most urgent; among equals, the one that has
waited longest. The cost hardly depends on how many wait, because both orders are heaps. A request
that gives up stays in its heap until it would be next, or until the heap is cleaned.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# A heap is cleaned once more than half of its entries, and more than this many, are of no use.
STALE = 64


class Waiter(Generic[T]):
    """One request that waits. turn: is given its result when the turn has come."""

    __slots__ = ("network", "order", "turn", "urgency", "visitor")

    def __init__(
        self, visitor: object, network: str, urgency: int, order: int, turn: asyncio.Future[T]
    ) -> None:
        self.visitor = visitor
        self.network = network
        self.urgency = urgency
        self.order = order
        self.turn = turn

    def __lt__(self, other: Waiter[T]) -> bool:
        return (self.urgency, self.order) < (other.urgency, other.order)


class _Visitor(Generic[T]):
    """The requests of one visitor. place: the newest entry of it among those of its network."""

    __slots__ = ("alive", "place", "served", "visitor", "waiters")

    def __init__(self, visitor: object, served: int) -> None:
        self.visitor = visitor
        self.served = served
        self.alive = 0
        self.place: _Place[T] = (0, 0, 0, self)
        self.waiters: list[Waiter[T]] = []


# Connections held, when its turn was last, a number of its own, the visitor.
_Place = tuple[int, int, int, _Visitor[T]]


class Turns(Generic[T]):
    """All requests that wait. held: returns how many connections a visitor holds.

    alive: how many wait.
    """

    def __init__(self, held: Callable[[object], int]) -> None:
        self._held = held
        self._order = itertools.count()
        self._visitors: dict[object, _Visitor[T]] = {}
        # There are at most as many networks as links, so no heap of networks is needed.
        self._networks: dict[str, list[_Place[T]]] = {}
        self.alive = 0

    def __len__(self) -> int:
        return self.alive

    def add(
        self, visitor: object, network: str, urgency: int, turn: asyncio.Future[T]
    ) -> Waiter[T]:
        """A request begins to wait."""
        waiter = Waiter(visitor, network, urgency, next(self._order), turn)
        found = self._visitors.get(visitor)
        if found is None:
            found = self._visitors[visitor] = _Visitor(visitor, waiter.order)
        is_first = not found.waiters
        heapq.heappush(found.waiters, waiter)
        if is_first:
            self._place(found, network)
        found.alive += 1
        self.alive += 1
        return waiter

    def gave_up(self, waiter: Waiter[T]) -> None:
        """A request that waits wants its turn no more; its turn is cancelled."""
        found = self._visitors[waiter.visitor]
        found.alive -= 1
        self.alive -= 1
        if not found.alive:
            del self._visitors[waiter.visitor]
        elif len(found.waiters) > 2 * found.alive + STALE:
            found.waiters = [one for one in found.waiters if not one.turn.cancelled()]
            heapq.heapify(found.waiters)

    def holds_fewer(self, visitor: object, network: str) -> None:
        """A visitor has given a connection back."""
        found = self._visitors.get(visitor)
        if found is not None:
            self._place(found, network)

    def next(self, may: Callable[[object, str], bool]) -> Waiter[T] | None:
        """Remove the request whose turn it is, and return it; None if no visitor may have a turn.

        may: whether a visitor, of a network, may have one now.
        """
        best: _Place[T] | None = None
        of = ""
        for network in [*self._networks]:
            first = self._first(network)
            if first is None or (best is not None and best < first):
                continue
            if may(first[-1].visitor, network):
                best, of = first, network
        return None if best is None else self._remove(best[-1], of)

    def _remove(self, found: _Visitor[T], network: str) -> Waiter[T]:
        waiter = heapq.heappop(found.waiters)
        self.alive -= 1
        found.alive -= 1
        if found.alive:
            found.served = next(self._order)
            self._place(found, network, more=1)
        else:
            del self._visitors[found.visitor]
        return waiter

    def _first(self, network: str) -> _Place[T] | None:
        """The visitor of a network whose turn it is: its place as it is now."""
        places = self._networks[network]
        while places:
            held, _, _, found = place = places[0]
            if found.place is not place or not self._waits(found):
                heapq.heappop(places)
            elif held != (now := self._held(found.visitor)):
                found.place = (now, found.served, next(self._order), found)
                heapq.heapreplace(places, found.place)
            else:
                return place
        del self._networks[network]
        return None

    def _waits(self, found: _Visitor[T]) -> bool:
        """Whether a request of a visitor waits; one that is cancelled does not, even if `gave_up`
        has not been called yet."""
        while found.waiters and found.waiters[0].turn.cancelled():
            heapq.heappop(found.waiters)
        return bool(found.waiters)

    def _place(self, found: _Visitor[T], network: str, more: int = 0) -> None:
        """Enter a visitor into the heap of its network. more: connections that it is about to
        hold."""
        held = self._held(found.visitor) + more
        found.place = (held, found.served, next(self._order), found)
        places = self._networks.setdefault(network, [])
        heapq.heappush(places, found.place)
        if len(places) > 2 * len(self._visitors) + STALE:
            places = [one for one in places if one[-1].place is one and self._waits(one[-1])]
            heapq.heapify(places)
            self._networks[network] = places
