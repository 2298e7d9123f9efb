"""What waits in this process for visitors to read it: a share for each of the bytes of responses.

Whoever reads as fast as bytes come has little waiting. If one visitor reads nothing, what it has
asked for would fill the memory, so each visitor and each network have a share (`fair_shares.py`).
Nothing is refused above it: the response is read from the app in frames, the next one once the one
before has gone, so that most of it stays with the app.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from p2claw.agent.upstream.http_connection import READ_BYTES
from p2claw.fair_shares import FairShares
from p2claw.link.stream import BoxStream
from p2claw.units import KIB

# Of a response above its share one frame waits (docs/WIRE.md §2).
LEAST_BYTES = 16_376
# Where a response within its share pauses its producer, and where it goes on.
HIGH_BYTES = 256 * KIB
LOW_BYTES = 64 * KIB

# Responses count what they hold whenever they go on. One that waits may hold less than it has
# counted, so all are counted anew before one is denied more, but no more often than this.
RECOUNT_S = 0.05
# What a response is about to read is counted from then on, so that many who ask at once do not all
# get what is left for one. If it has not come after so long, the app has nothing to send.
COMING_S = 1.0


class Unread:
    """The shares of total_bytes. clock: the time, in seconds."""

    def __init__(self, total_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._shares = FairShares(total_bytes)
        self.clock = clock
        self._all: set[Held] = set()
        self._recounted_s = float("-inf")

    @property
    def bytes(self) -> int:
        """How many wait, as counted last."""
        return self._shares.in_use

    def hold(self, visitor: object, network: str, count: Callable[[], int]) -> Held:
        """What waits of a new response. count: returns how many bytes that is."""
        return Held(self, visitor, network, count)

    def recount(self) -> None:
        """Count what waits now, of all responses."""
        self._recounted_s = now = self.clock()
        for held in self._all:
            held.count(now)

    def is_within(self, held: Held) -> bool:
        """Whether the visitor of this response may hold more."""
        if self._shares.may(held.visitor, held.network, 0):
            return True
        if self.clock() - self._recounted_s < RECOUNT_S:
            return False
        self.recount()
        return self._shares.may(held.visitor, held.network, 0)


class Held:
    """What waits of one response; a context manager, at whose end nothing does.

    bytes: how many, as counted last.
    """

    __slots__ = ("_coming", "_coming_s", "_count", "_unread", "bytes", "network", "visitor")

    def __init__(
        self, unread: Unread, visitor: object, network: str, count: Callable[[], int]
    ) -> None:
        self.visitor = visitor
        self.network = network
        self.bytes = 0
        self._unread = unread
        self._count = count
        self._coming = 0
        self._coming_s = 0.0  # since when

    def __enter__(self) -> Held:
        self._unread._all.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self.bytes:
            self._set(0)
        self._unread._all.discard(self)
        self._count = _nothing  # of whoever holds this: together they would be a cycle to collect

    def count(self, now: float) -> None:
        """Count what waits now, and what has just been asked for. now: on the clock of Unread."""
        if self._coming and now - self._coming_s > COMING_S:
            self._coming = 0
        self._set(self._count() + self._coming)

    async def room(self, stream: BoxStream) -> bool:
        """Wait until another piece of the response may be read; whether it is within its share.

        Raises StreamResetError or LinkError.
        """
        while True:
            within = self.is_within()
            if stream.queued <= (HIGH_BYTES if within else LEAST_BYTES):
                self.expect(within=within)
                return within
            await stream.drained(LOW_BYTES if within else LEAST_BYTES)

    def has_room(self) -> bool:
        """Whether more than a frame of a response that has just begun may be read at once."""
        within = self.is_within()
        if within:
            self.expect(within=True)
        return within

    def is_within(self) -> bool:
        """Whether the response is within its share, as it is now."""
        self._coming = 0
        self._set(self._count())
        return self._unread.is_within(self)

    def expect(self, *, within: bool) -> None:
        """More is asked for: as much at a time as a response within its share may, or a frame. Two
        reads of it may come. To be called right after `is_within`, which has counted the rest."""
        self._coming = 2 * (READ_BYTES if within else LEAST_BYTES)
        self._coming_s = self._unread.clock()
        self._set(self.bytes + self._coming)

    def _set(self, now: int) -> None:
        more, self.bytes = now - self.bytes, now
        if more:
            self._unread._shares.change(self.visitor, self.network, more)


def _nothing() -> int:
    return 0
