"""The line in front of registrations: who works now, who waits, and when others are to come again.
Sans-IO.

When a coordinator, or the way to it, has been away, all of its boxes come back at once. Then few
registrations work at a time, so that visits keep their place in the loop between them; a bounded
number waits; and whoever comes above that is told to come again, each at a time of its own.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from p2claw.fair_shares import FairShares

# Boxes that are told to come again are told so for so many per second: at 1 ms of processor each
# that is less than half of a core, and visits have the rest.
AGAIN_PER_S = 400.0
# An agent that is told to wait longer comes after a minute (`link.control`): of those for whom
# there is no time before that, each is told one in the second half of it.
MOST_AGAIN_S = 60.0


class Line:
    """at_work: registrations that work at once. places: those that have come and are not done yet,
    at work, waiting for their turn, or for their agent; each address has a fair share of them.

    A registration works twice: when its connection is opened, and when its agent has replied to the
    challenge. Between these it waits for its agent, and keeps nobody from working.
    """

    def __init__(self, at_work: int, places: int) -> None:
        self._most_at_work = at_work
        self._shares = FairShares(places)
        self._working: set[int] = set()
        # By address, whose turn it is first: those that have been opened, and then those that have
        # just come.
        self._opened: OrderedDict[str, deque[int]] = OrderedDict()
        self._come: OrderedDict[str, deque[int]] = OrderedDict()
        self._waiting = 0
        self._next_again_at = 0.0

    @property
    def places_in_use(self) -> int:
        """How many have come and are not done yet."""
        return self._shares.in_use

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._waiting

    def may_come(self, address: str) -> bool:
        """Whether one more of this address has a place."""
        return self._shares.may(address, address)

    def come(self, address: str) -> None:
        """One more of this address has a place, until `leave`."""
        self._shares.hold(address, address)

    def leave(self, address: str) -> None:
        """One of this address is done, or gone."""
        self._shares.release(address, address)

    def ask(self, number: int, address: str, *, opened: bool) -> bool:
        """Whether this one, of this address, works from now on; else `next_turn` returns it later.
        opened: it has been at work before, and its agent has replied.
        """
        if not self._waiting and len(self._working) < self._most_at_work:
            self._working.add(number)
            return True
        queue = self._opened if opened else self._come
        queue.setdefault(address, deque()).append(number)
        self._waiting += 1
        return False

    def next_turn(self) -> int | None:
        """One that waited and works from now on; None: nobody waits, or there is no more room."""
        if not self._waiting or len(self._working) >= self._most_at_work:
            return None
        queue = self._opened or self._come
        address, numbers = queue.popitem(last=False)
        number = numbers.popleft()
        if numbers:
            queue[address] = numbers  # behind all other addresses
        self._waiting -= 1
        self._working.add(number)
        return number

    def done(self, number: int) -> None:
        """This one does not work any more."""
        self._working.discard(number)

    def withdraw(self, number: int, address: str) -> None:
        """This one, of this address, is gone: it gets no turn, or gives it back."""
        if number in self._working:
            self._working.discard(number)
            return
        for queue in (self._opened, self._come):
            numbers = queue.get(address)
            if numbers is not None and number in numbers:
                numbers.remove(number)
                self._waiting -= 1
                if not numbers:
                    del queue[address]

    def again_s(self, now: float, drawn: float) -> float:
        """After how many seconds one without a place is to come again. drawn: evenly from 0 to 1.

        Each gets a time of its own, after that of all who were told one before.
        """
        self._next_again_at = (
            max(self._next_again_at, now + self._shares.in_use / AGAIN_PER_S) + 1.0 / AGAIN_PER_S
        )
        again_s = self._next_again_at - now
        if again_s <= MOST_AGAIN_S:
            return again_s
        self._next_again_at = now + MOST_AGAIN_S
        return MOST_AGAIN_S * (1.0 + drawn) / 2.0
