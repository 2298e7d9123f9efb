"""Decides whose request goes to an upstream next, and how many may wait for a response at once.

A small server accepts a few connections at a time. It does not refuse more: the kernel drops their
SYN packets, and the dialling side repeats them seconds later, perhaps too late. So the gate begins
with as many requests as a browser has connections, lets in more while that goes well, and fewer
after a slow dial. A request that waits for long is a long poll or an upload. It costs the server
little, and is not counted.
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


class Ticket:
    """The permission to use one connection. owner: of the request."""

    __slots__ = ("counted", "owner", "since_s")

    def __init__(self, owner: object, since_s: float) -> None:
        self.owner = owner
        self.since_s = since_s
        self.counted = True


# Urgency, order of coming, and the turn itself.
_Entry = tuple[int, int, asyncio.Future[Ticket]]


class Gate:
    """The gate of one upstream. name: of it, for error texts."""

    def __init__(self, name: str, limits: UpstreamLimits) -> None:
        self.limit = FIRST
        self._name = name
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._inside = 0
        self._counted: Counter[object] = Counter()
        self._young: deque[Ticket] = deque()  # the oldest first
        self._waiting: dict[object, list[_Entry]] = {}
        self._waiters = 0
        self._order = itertools.count()
        self._served: dict[object, int] = {}  # when the turn was last an owner's, of those here
        self._calm_s = CALM_S
        self._calm_until_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counted(self) -> int:
        """How many requests wait for a response, without those that have waited for long."""
        return self._counted.total()

    async def enter(self, owner: object, urgency: int) -> Ticket:
        """Wait for a turn. The owner with the fewest requests under way goes first, by urgency.

        Raises BoxBusyFault.
        """
        if not self._waiters and self._room():
            return self._let_in(owner)
        if self._waiters >= self._limits.waiting:
            raise BoxBusyFault(f"Too many requests wait for {self._name}")
        turn: asyncio.Future[Ticket] = self._loop.create_future()
        entry = (urgency, next(self._order), turn)
        heapq.heappush(self._waiting.setdefault(owner, []), entry)
        self._waiters += 1
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

    def _let_in(self, owner: object) -> Ticket:
        ticket = Ticket(owner, self._loop.time())
        self._inside += 1
        self._counted[owner] += 1
        self._young.append(ticket)
        if self._waiting:
            self._served[owner] = next(self._order)
        return ticket

    def _admit(self) -> None:
        while self._waiting and self._room():
            owner = min(
                self._waiting, key=lambda owner: (self._counted[owner], self._served.get(owner, -1))
            )
            queue = self._waiting[owner]
            _, _, turn = heapq.heappop(queue)
            if not queue:
                del self._waiting[owner]
            self._waiters -= 1
            if not turn.done():  # cancelled, and its task has not run since
                turn.set_result(self._let_in(owner))
        if not self._waiting:
            self._served.clear()

    def _give_up(self, owner: object, entry: _Entry) -> None:
        """Nobody waits for this turn any more. It may have come at the last moment."""
        turn = entry[2]
        if turn.done() and not turn.cancelled():
            self.leave(turn.result())
            return
        turn.cancel()
        queue = self._waiting.get(owner, [])
        if entry in queue:
            queue.remove(entry)
            heapq.heapify(queue)
            self._waiters -= 1
        if not queue:
            self._waiting.pop(owner, None)

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
