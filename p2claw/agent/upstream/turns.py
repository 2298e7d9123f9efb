"""Requests that wait for a turn, and which of them is next.

First a visitor is chosen: the one that holds the fewest connections; among equals, the one whose
last turn is longest ago. Then one of its requests: the most urgent; among equals, the one that has
waited longest. The cost hardly depends on how many wait, because all orders are heaps: of requests,
of the visitors of a network, and of networks. Whatever is no more, or has changed its place, stays
in a heap until it would be next, or until the heap is cleaned.
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
        self._networks: dict[str, list[_Place[T]]] = {}
        # The first place of each network, as far as it is known; entries with others are of no use.
        self._firsts: dict[str, _Place[T]] = {}
        self._order_of_networks: list[tuple[_Place[T], str]] = []
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
        passed_over: list[tuple[_Place[T], str]] = []
        chosen: Waiter[T] | None = None
        while chosen is None and (top := self._next_network()) is not None:
            place, network = top
            if may(place[-1].visitor, network):
                chosen = self._remove(place[-1], network)
            else:
                passed_over.append(heapq.heappop(self._order_of_networks))
        for entry in passed_over:
            heapq.heappush(self._order_of_networks, entry)
        return chosen

    def _next_network(self) -> tuple[_Place[T], str] | None:
        """The first entry of the networks, which stays where it is: its place as it is now."""
        order = self._order_of_networks
        while order:
            place, network = order[0]
            if self._firsts.get(network) is not place:
                heapq.heappop(order)
            elif (first := self._first(network)) is None:
                del self._firsts[network]
                heapq.heappop(order)
            elif first is not place:
                self._firsts[network] = first
                heapq.heapreplace(order, (first, network))
            else:
                return order[0]
        return None

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
        if places[0] is found.place:
            self._lead(found.place, network)

    def _lead(self, place: _Place[T], network: str) -> None:
        """Enter a network into the order of networks with this place, its first."""
        self._firsts[network] = place
        heapq.heappush(self._order_of_networks, (place, network))
        if len(self._order_of_networks) > 2 * len(self._firsts) + STALE:
            self._order_of_networks = [(one, of) for of, one in self._firsts.items()]
            heapq.heapify(self._order_of_networks)
