"""Chooses the relays of a visit: of the nearest region, as often as their weights say. Pure.

The same key has the same relays in the same order, at every node and at every time. The key is of
box and visitor's network, so both sides of a visit are given the same relays: if neither gets any
UDP out, what goes from relay to relay then stays on one machine, and a repeat visit has the relay
that it had. A relay that is added, drained or dead moves only the visits that are its own.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence

from p2claw.config import Relay

# Each relay costs a browser sockets, two round trips and a candidate for each way to it, and every
# candidate is checked with each of the other side. The second one is for a relay that dies before
# it is seen to be dead, which takes up to 20 s.
RELAYS_PER_VISIT = 2


def relays_for(
    relays: Iterable[Relay], key: str, near: Sequence[str] = (), most: int = RELAYS_PER_VISIT
) -> tuple[Relay, ...]:
    """The relays of a visit, the best one first. relays: those that lend.

    near: regions, the nearest first; the others follow in the order in which relays name them.
    """
    offered = [relay for relay in relays if relay.weight > 0]
    order = list(dict.fromkeys((*near, *(relay.region for relay in offered))))
    ranked = sorted(offered, key=lambda relay: (order.index(relay.region), _draw(relay, key)))
    return tuple(ranked[:most])


def _draw(relay: Relay, key: str) -> float:
    """A number drawn by name and key: the lowest of several is this one's in the share of its
    weight (rendezvous hashing with weights: the first arrival of a Poisson process is
    -ln(uniform) / rate).
    """
    digest = hashlib.blake2b(f"{relay.name}\0{key}".encode(), digest_size=8).digest()
    uniform = (int.from_bytes(digest) + 0.5) / 2**64
    return -math.log(uniform) / relay.weight
