"""Decides whose request goes to an upstream next, and how many may wait for a response at once.

A small server accepts a few connections at a time. It does not refuse more: the kernel drops their
SYN packets, and the dialling side repeats them seconds later, perhaps too late. So the gate begins
with as many requests as a browser has connections, lets in more while that goes well, and fewer
after a slow dial. A request that waits for long is a long poll or an upload. It costs the server
little, and is not counted.

All requests together have so many connections and places in the queue, and each visitor has a share
of them (`fair_shares.py`). Responses that last, such as long polls and streams of events, are
counted apart, so that many of them leave no fewer connections to other requests. `turns.py` decides
whose turn it is.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Iterable

from p2claw.agent.request_faults import BoxBusyFault
from p2claw.agent.upstream.turns import Turns, Waiter
from p2claw.config import UpstreamLimits
from p2claw.fair_shares import FairShares

FIRST = 6.0  # what browsers open to one host
LEAST = 2.0
# The limit grows by this for each response while others wait: by half in each round trip.
GROWTH = 0.5
YOUNG_S = 1.0
# After a slow dial the limit does not grow, and every request counts, for this long. The time
# doubles with each further slow dial.
CALM_S = 15.0
MOST_CALM_S = 600.0
# An exchange that has gone on for so long counts as one that lasts.
LASTING_S = 5.0
# While requests wait, the other exchanges are looked at so often, to find those that last by now.
LOOK_S = 1.0


class Ticket:
    """The permission to use one connection. network: of the visitor. lasts: counted as lasting."""

    __slots__ = ("counted", "lasts", "network", "since_s", "visitor")

    def __init__(self, visitor: object, network: str, since_s: float) -> None:
        self.visitor = visitor
        self.network = network
        self.since_s = since_s
        self.counted = True
        self.lasts = False


class Gate:
    """The gate of one upstream. name: of it, for error texts."""

    def __init__(self, name: str, limits: UpstreamLimits) -> None:
        self.limit = FIRST
        self._name = name
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._connections = FairShares(limits.connections)
        self._lasting = FairShares(limits.lasting)
        self._places = FairShares(limits.waiting)
        self._turns: Turns[Ticket] = Turns(self._connections.held)
        # The oldest first. A plain dict finds its first key the slower, the more came before it.
        self._young: OrderedDict[Ticket, None] = OrderedDict()  # those that are counted
        self._inside: OrderedDict[Ticket, None] = OrderedDict()  # those that do not last
        self._calm_s = CALM_S
        self._calm_until_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counted(self) -> int:
        """How many requests wait for a response, without those that have waited for long."""
        return len(self._young)

    @property
    def lasting(self) -> int:
        """How many exchanges are among those that last."""
        return self._lasting.in_use

    @property
    def waiting(self) -> int:
        """How many requests wait for a turn."""
        return len(self._turns)

    def enter_now(self, visitor: object, network: str) -> Ticket | None:
        """As `enter`, if there is no need to wait; None if there is."""
        # Requests can wait though there is room: those of visitors who have their whole share.
        if len(self._young) < int(self.limit) and self._connections.take(visitor, network):
            return self._inside_now(visitor, network)
        return None

    async def enter(self, visitor: object, network: str, urgency: int) -> Ticket:
        """Wait for a turn. The visitor with the fewest requests under way goes first, by urgency.

        Raises BoxBusyFault.
        """
        ticket = self.enter_now(visitor, network)
        if ticket is not None:
            return ticket
        if not self._places.may(visitor, network):
            raise BoxBusyFault(f"Too many requests wait for {self._name}")
        turn: asyncio.Future[Ticket] = self._loop.create_future()
        waiter = self._turns.add(visitor, network, urgency, turn)
        self._places.hold(visitor, network)
        if self._timer is None:
            self._look()
        try:
            async with asyncio.timeout(self._limits.wait_s):
                return await turn
        except TimeoutError:
            self._give_up(waiter)
            raise BoxBusyFault(f"No connection to {self._name} came free") from None
        except asyncio.CancelledError:
            self._give_up(waiter)
            raise

    def responded(self, ticket: Ticket) -> None:
        """The head of the response has come."""
        if ticket.counted and self._turns.alive and self._loop.time() >= self._calm_until_s:
            self.limit = min(self.limit + GROWTH, float(self._limits.connections))
        if ticket.counted:
            ticket.counted = False
            del self._young[ticket]
        if self._turns.alive:
            self._admit()

    def leave(self, ticket: Ticket) -> None:
        """The connection is not used any more."""
        if ticket.counted:
            self._discount(ticket)
        visitor, network = ticket.visitor, ticket.network
        if ticket.lasts:
            self._lasting.release(visitor, network)
        else:
            del self._inside[ticket]
            self._connections.change(visitor, network, -1)
        if self._turns.alive:
            if not ticket.lasts:
                self._turns.holds_fewer(visitor, network)
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
        connections = self._connections
        return len(self._young) < int(self.limit) and connections.in_use < connections.total

    def _inside_now(self, visitor: object, network: str) -> Ticket:
        ticket = Ticket(visitor, network, self._loop.time())
        self._inside[ticket] = self._young[ticket] = None
        return ticket

    def _admit(self) -> None:
        while self._turns.alive and self._room():
            waiter = self._turns.next(self._connections.may)
            if waiter is None:
                break
            self._places.release(waiter.visitor, waiter.network)
            self._connections.hold(waiter.visitor, waiter.network)
            waiter.turn.set_result(self._inside_now(waiter.visitor, waiter.network))

    def _give_up(self, waiter: Waiter[Ticket]) -> None:
        """Nobody waits for this turn any more. It may have come at the last moment."""
        turn = waiter.turn
        if turn.done() and not turn.cancelled():
            self.leave(turn.result())
            return
        turn.cancel()
        self._turns.gave_up(waiter)
        self._places.release(waiter.visitor, waiter.network)

    def _discount(self, ticket: Ticket) -> None:
        if ticket.counted:
            ticket.counted = False
            del self._young[ticket]

    def _look(self) -> None:
        """While requests wait: find those inside that are not young any more, or that last."""
        self._timer = None
        now_s = self._loop.time()
        if now_s >= self._calm_until_s:
            for ticket in _since(now_s - YOUNG_S, self._young):
                self._discount(ticket)
        self._let_last(now_s)
        self._admit()
        self._watch(now_s)

    def _let_last(self, now_s: float) -> None:
        for ticket in _since(now_s - LASTING_S, self._inside):
            visitor, network = ticket.visitor, ticket.network
            if self._lasting.may(visitor, network):
                del self._inside[ticket]
                ticket.lasts = True
                self._lasting.hold(visitor, network)
                self._connections.release(visitor, network)
                self._turns.holds_fewer(visitor, network)

    def _watch(self, now_s: float) -> None:
        if self._timer is not None or not self._turns or not self._inside:
            return
        due_s = now_s + LOOK_S
        if self._young:
            oldest = next(iter(self._young))
            due_s = min(due_s, max(oldest.since_s + YOUNG_S, self._calm_until_s))
        self._timer = self._loop.call_at(max(due_s, now_s + 0.01), self._look)


def _since(time_s: float, tickets: Iterable[Ticket]) -> list[Ticket]:
    """Those of the tickets that were inside at that time. tickets: the oldest first."""
    return [*itertools.takewhile(lambda ticket: ticket.since_s <= time_s, tickets)]
