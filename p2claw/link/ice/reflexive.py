"""The outer addresses of this process's ports, as STUN servers reported them last.

A NAT mostly keeps what it has given to a port that all links share. So a response names such an
address at once, and the server is asked beside it: a visitor need not wait for that.
"""

from __future__ import annotations

from collections import OrderedDict

Address = tuple[str, int]

# A mapping that has gone costs a visitor a few checks without a response.
GOOD_FOR_S = 1800.0
# Local addresses times ports. The one that was reported longest ago goes first.
MOST = 64


class ReflexiveAddresses:
    """Local addresses, and what they are outside."""

    def __init__(self) -> None:
        self._known: OrderedDict[Address, tuple[Address, float]] = OrderedDict()

    def put(self, local: Address, mapped: Address, now: float) -> None:
        """A server has seen this local address as that one."""
        self._known[local] = (mapped, now)
        self._known.move_to_end(local)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def get(self, local: Address, now: float) -> Address | None:
        """What it was outside within GOOD_FOR_S."""
        mapped, since = self._known.get(local, (None, 0.0))
        return mapped if now - since < GOOD_FOR_S else None
