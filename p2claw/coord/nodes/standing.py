"""Whether this node may hold boxes although the bus does not respond. Sans-IO.

It cannot see whether the bus is gone for all, or whether it alone is cut off. The store can be
asked: nodes that have the bus write there which other has lost its lease.
"""

from __future__ import annotations

from enum import Enum, auto

from p2claw.coord.bus.leases import RENEW_S
from p2claw.coord.bus.members import UNSURE_S

# What others need to see that a lease has ended, and to write it into the store: they read the list
# of nodes every RENEW_S, wait for the bus for 1 s at most, and for the store for 5 s.
DECLARED_S = RENEW_S + 1.0 + 5.0


class Standing(Enum):
    """Of this node among the others."""

    MEMBER = auto()  # it has its lease
    UNSURE = auto()  # it has none: it keeps its agents, and takes no others
    ALONE = auto()  # nobody has the bus: each node serves the boxes that come to it
    CUT_OFF = auto()  # the others have the bus, or may have it: the agents have to go there


_ACCEPTING = (Standing.MEMBER, Standing.ALONE)


class NodeStanding:
    """Of one node. now: seconds of a clock that never goes back."""

    def __init__(self, now: float) -> None:
        self.standing = Standing.MEMBER
        self._lost_at = now
        self._certain_at = now

    @property
    def accepts(self) -> bool:
        """Whether agents may register here."""
        return self.standing in _ACCEPTING

    @property
    def is_alone(self) -> bool:
        """Whether a box may be held here that the others do not see."""
        return self.standing is Standing.ALONE

    def has_lease(self, now: float) -> None:
        """It has its lease at this moment."""
        self.standing = Standing.MEMBER
        self._lost_at = self._certain_at = now

    def read(self, is_lost: bool, now: float) -> None:
        """It has no lease; in the store it is called lost, or not."""
        if self.standing is Standing.CUT_OFF:
            return
        self._certain_at = now
        if is_lost:
            self.standing = Standing.CUT_OFF
        elif now >= self._lost_at + DECLARED_S:
            self.standing = Standing.ALONE
        else:
            self.standing = Standing.UNSURE

    def unread(self, now: float) -> None:
        """It has no lease, and the store does not respond."""
        if now >= self._certain_at + UNSURE_S:
            self.standing = Standing.CUT_OFF
        elif self.standing is Standing.MEMBER:
            self.standing = Standing.UNSURE
