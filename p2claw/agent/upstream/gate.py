"""Decides whose request goes to an upstream next, and how many may wait for a response at once.

A small server accepts a few connections at a time. It does not refuse more: the kernel drops their
SYN packets, and the dialling side repeats them seconds later, perhaps too late. So the gate begins
with as many requests as a browser has connections, lets in more while that goes well, and fewer
after a slow dial. A request that waits for long is a long poll or an upload. It costs the server
little, and is not counted.

All requests together have so many connections and places in the queue. What one network of visitors
may hold of them depends on what is free, as queues share the memory of a switch (Choudhury, Hahne:
Dynamic Queue Length Thresholds, 1998): there is always some left for those who have few.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter, deque

from p2claw.agent.request_faults import BoxBusyFault
from p2claw.config import UpstreamLimits

FIRST = 6.0  # what browsers open to one host
LEAST = 2.0
# The limit grows by this for each response while others wait: by half in each round trip.
GROWTH = 0.5
YOUNG_S = 1.0
# After a slow dial the limit does not grow, and every request counts, for this long. The time
# doubles with each further slow dial.
CALM_S = 15.0
MOST_CALM_S = 600.0
# A network may hold so many times what is free: two thirds of all if it is alone.
SHARE = 2


class Ticket:
    """The permission to use one connection. owner: of the request. network: of the owner."""

    __slots__ = ("counted", "network", "owner", "since_s")

    def __init__(self, owner: object, network: str, since_s: float) -> None:
        self.owner = owner
        self.network = network
        self.since_s = since_s
        self.counted = True


# Urgency, order of coming, and the turn itself.
_Entry = tuple[int, int, asyncio.Future[Ticket]]


class _Queue:
    """The requests of one owner that wait."""

    __slots__ = ("entries", "network")

    def __init__(self, network: str) -> None:
        self.network = network
        self.entries: list[_Entry] = []


class Gate:
    """The gate of one upstream. name: of it, for error texts."""

    def __init__(self, name: str, limits: UpstreamLimits) -> None:
        self.limit = FIRST
        self._name = name
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._inside = 0
        self._held: Counter[str] = Counter()  # of those inside, by network
        self._counted: Counter[object] = Counter()
        self._young: deque[Ticket] = deque()  # the oldest first
        self._waiting: dict[object, _Queue] = {}
        self._waiters = 0
        self._queued: Counter[str] = Counter()  # of those that wait, by network
        self._order = itertools.count()
        self._served: dict[object, int] = {}  # when the turn was last an owner's, of those here
        self._calm_s = CALM_S
        self._calm_until_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counted(self) -> int:
        """How many requests wait for a response, without those that have waited for long."""
        return self._counted.total()

    async def enter(self, owner: object, network: str, urgency: int) -> Ticket:
        """Wait for a turn. The owner with the fewest requests under way goes first, by urgency.

        Raises BoxBusyFault.
        """
        if self._room() and self._may_hold(network) and not self._is_someone_next():
            return self._let_in(owner, network)
        if self._queued[network] >= SHARE * (self._limits.waiting - self._waiters):
            raise BoxBusyFault(f"Too many requests wait for {self._name}")
        turn: asyncio.Future[Ticket] = self._loop.create_future()
        entry = (urgency, next(self._order), turn)
        queue = self._waiting.setdefault(owner, _Queue(network))
        heapq.heappush(queue.entries, entry)
        self._count_waiting(network, 1)
        self._watch()
        try:
            async with asyncio.timeout(self._limits.wait_s):
                return await turn
        except TimeoutError:
            self._give_up(owner, entry)
            raise BoxBusyFault(f"No connection to {self._name} came free") from None
        except asyncio.CancelledError:
            self._give_up(owner, entry)
            raise

    def responded(self, ticket: Ticket) -> None:
        """The head of the response has come."""
        if ticket.counted and self._waiters and self._loop.time() >= self._calm_until_s:
            self.limit = min(self.limit + GROWTH, float(self._limits.connections))
        self._discount(ticket)
        self._admit()

    def leave(self, ticket: Ticket) -> None:
        """The connection is not used any more."""
        self._discount(ticket)
        self._inside -= 1
        self._held[ticket.network] -= 1
        if not self._held[ticket.network]:
            del self._held[ticket.network]
        self._admit()

    def slow_dial(self) -> None:
        """A connection was not made at once: the backlog of the server is full."""
        now_s = self._loop.time()
        if now_s < self._calm_until_s:
            return
        self.limit = max(LEAST, min(self.limit, float(self.counted)) / 2)
        self._calm_until_s = now_s + self._calm_s
        self._calm_s = min(2 * self._calm_s, MOST_CALM_S)

    def _room(self) -> bool:
        return self._inside < self._limits.connections and self.counted < int(self.limit)

    def _may_hold(self, network: str) -> bool:
        return self._held[network] < SHARE * (self._limits.connections - self._inside)

    def _is_someone_next(self) -> bool:
        return any(self._may_hold(queue.network) for queue in self._waiting.values())

    def _count_waiting(self, network: str, more: int) -> None:
        self._waiters += more
        self._queued[network] += more
        if not self._queued[network]:
            del self._queued[network]

    def _let_in(self, owner: object, network: str) -> Ticket:
        ticket = Ticket(owner, network, self._loop.time())
        self._inside += 1
        self._held[network] += 1
        self._counted[owner] += 1
        self._young.append(ticket)
        if self._waiting:
            self._served[owner] = next(self._order)
        return ticket

    def _admit(self) -> None:
        while self._waiting and self._room():
            able = [
                owner for owner, queue in self._waiting.items() if self._may_hold(queue.network)
            ]
            if not able:
                break
            owner = min(able, key=lambda one: (self._counted[one], self._served.get(one, -1)))
            queue = self._waiting[owner]
            _, _, turn = heapq.heappop(queue.entries)
            if not queue.entries:
                del self._waiting[owner]
            self._count_waiting(queue.network, -1)
            if not turn.done():  # cancelled, and its task has not run since
                turn.set_result(self._let_in(owner, queue.network))
        if not self._waiting:
            self._served.clear()

    def _give_up(self, owner: object, entry: _Entry) -> None:
        """Nobody waits for this turn any more. It may have come at the last moment."""
        turn = entry[2]
        if turn.done() and not turn.cancelled():
            self.leave(turn.result())
            return
        turn.cancel()
        queue = self._waiting.get(owner)
        if queue is None or entry not in queue.entries:
            return
        queue.entries.remove(entry)
        heapq.heapify(queue.entries)
        self._count_waiting(queue.network, -1)
        if not queue.entries:
            del self._waiting[owner]

    def _discount(self, ticket: Ticket) -> None:
        if not ticket.counted:
            return
        ticket.counted = False
        self._counted[ticket.owner] -= 1
        if not self._counted[ticket.owner]:
            del self._counted[ticket.owner]
        while self._young and not self._young[0].counted:
            self._young.popleft()

    def _watch(self) -> None:
        """While requests wait for a turn: stop counting those that wait for a response for long."""
        if self._timer is None and self._waiters and self._young:
            due_s = max(self._young[0].since_s + YOUNG_S, self._calm_until_s)
            self._timer = self._loop.call_at(max(due_s, self._loop.time() + 0.01), self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now_s = self._loop.time()
        if now_s >= self._calm_until_s:
            while self._young and self._young[0].since_s + YOUNG_S <= now_s:
                self._discount(self._young[0])
        self._admit()
        self._watch()
