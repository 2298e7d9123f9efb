"""Decides where a box is, from what is written of it and of its node. Sans-IO.

A box is called offline only if it is known to be: what may have been lost, or not written yet, is
`UNKNOWN`, and the visitor asks again.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum, auto

from p2claw.coord.bus.leases import LEASE_S, RENEW_S

# After a disturbance every node writes its boxes anew as soon as it reaches the bus again, and
# within a lease it either has, or is gone.
SETTLE_S = LEASE_S + RENEW_S

# Boxes that their node has let go, or that it had when it ended, are back elsewhere within 15 s.
# For so long they are not called offline, although nobody has them.
RETURN_S = 30.0


class Whereabouts(Enum):
    """What is known of a box that is not connected to this node."""

    THERE = auto()  # at the node that the entry names
    OFFLINE = auto()  # at none
    UNKNOWN = auto()  # it may be at any: ask again


@dataclass(frozen=True, slots=True)
class Facts:
    """What visitors need of a box before they are introduced. dials: signature and descriptor."""

    public_key: bytes = b""
    relay: bool = True
    dials: tuple[tuple[bytes, bytes], ...] = ()


def dialled(facts: Facts, visit: str) -> bytes:
    """Key, signature and descriptor, as of `OnlineBoxes.dialled`; empty if it is not dialled."""
    if not facts.dials:
        return b""
    signature, descriptor = facts.dials[zlib.crc32(visit.encode()) % len(facts.dials)]
    return facts.public_key + signature + descriptor


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written of a box: the node that has it, by which token."""

    node: str
    token: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class Found:
    """entry: if it is THERE."""

    whereabouts: Whereabouts
    entry: Entry | None = None


OFFLINE = Found(Whereabouts.OFFLINE)
UNKNOWN = Found(Whereabouts.UNKNOWN)


class Calm:
    """Whether what is not written can be trusted not to be: since when nothing has gone wrong."""

    def __init__(self) -> None:
        self._disturbed_at: float | None = None

    def disturbed(self, now: float) -> None:
        """The bus did not respond, or a connection to it was lost: it may have forgotten."""
        self._disturbed_at = now

    def is_settled(self, now: float) -> bool:
        return self._disturbed_at is None or now >= self._disturbed_at + SETTLE_S


def located(
    entry: Entry | None,
    own_node: str,
    gone_for_s: float | None,
    released_for_s: float | None,
    settled: bool,
) -> Found:
    """Where a box is. gone_for_s: for how long the entry's node has had no lease, below 0 while it
    has one; None: nothing is known of it. released_for_s: for how long it certainly holds no box;
    None: it may. settled: nothing has gone wrong lately, and no node may hold boxes unseen.
    """
    if entry is None or entry.node == own_node:
        # An entry with our own name is of a connection that has just ended here.
        return OFFLINE if settled else UNKNOWN
    if gone_for_s is not None and gone_for_s < 0:
        return Found(Whereabouts.THERE, entry)
    # Of a node that nobody remembers it is known that it ended long ago.
    is_over = gone_for_s is None or (released_for_s is not None and released_for_s >= RETURN_S)
    return OFFLINE if is_over and settled else UNKNOWN
