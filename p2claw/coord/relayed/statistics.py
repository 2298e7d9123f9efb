"""What coturn publishes of its allocations in Redis (`redis-statsdb`), added up. Sans-IO.

Of each allocation it publishes what was moved since the time before, every 4,096 packets of both
sides, and at the end how much it was in all. Redis keeps none of that for who does not listen, so a
sum is never more than the truth, and the end puts right what was missed. Numbers of allocations
begin anew with each start of coturn: one goes by its realm, its user, who is never the same, and
its number.
Source: turnserver(1), redis-statsdb; coturn 4.6.1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from p2claw.coord.relayed.ledger import Allocation

PATTERNS = tuple(
    f"turn/realm/*/allocation/*/{what}" for what in ("traffic", "total_traffic", "status")
)
# An allocation is refreshed well within the hour that it lasts at most. One of which nothing was
# heard for longer is of a relay that was killed.
LASTS_S = 3_600.0

_CHANNEL = re.compile(
    rb"turn/realm/([^/]{1,128})/user/(\d{1,20}:([a-z2-7]{26})\.[^/]{1,100})/allocation/(\d{1,20})/"
    rb"(traffic|total_traffic|status)"
)
_MOVED = re.compile(rb"rcvp=\d{1,20}, rcvb=(\d{1,20}), sentp=\d{1,20}, sentb=(\d{1,20})")


@dataclass(slots=True)
class _Heard:
    realm: str
    box: str
    total: int
    seen: float


class Statistics:
    """bytes: what was heard of since the start, by realm."""

    def __init__(self) -> None:
        self.bytes: Counter[str] = Counter()
        self._heard: dict[str, _Heard] = {}
        self._changed: set[str] = set()
        self._known: Mapping[str, Allocation] = {}

    def begin(self, known: Mapping[str, Allocation]) -> None:
        """What was counted before one listens, or listens again: sums go on from there."""
        self._known = known
        for name, heard in self._heard.items():
            if name in known:
                heard.total = max(heard.total, known[name].total)

    def heard(self, channel: bytes, message: bytes, now: float) -> None:
        """One message, of whatever channel. now: seconds of any clock."""
        named = _CHANNEL.fullmatch(channel)
        if named is None:
            return
        realm, user, box, number, kind = (part.decode(errors="replace") for part in named.groups())
        name = f"{realm} {user} {number}"
        if kind == "status" and message.startswith(b"deleted"):
            # Its total comes after this, and then it is forgotten.
            if name in self._heard:
                self._heard[name].seen = now - LASTS_S + 60.0
            return
        known = self._known.get(name)
        heard = self._heard.setdefault(name, _Heard(realm, box, known.total if known else 0, now))
        heard.seen = now
        if (moved := _MOVED.match(message)) is None:
            return
        count = int(moved[1]) + int(moved[2])
        before = heard.total
        heard.total = max(before, count) if kind == "total_traffic" else before + count
        self.bytes[realm] += heard.total - before
        self._changed.add(name)
        if kind == "total_traffic":
            heard.seen = now - LASTS_S + 60.0

    def changed(self) -> dict[str, Allocation]:
        """Those that have moved something since this was called last."""
        names, self._changed = self._changed, set()
        return {name: self._allocation(name) for name in names if name in self._heard}

    def again(self, names: Mapping[str, Allocation]) -> None:
        """These could not be written: they are still to be."""
        self._changed.update(names)

    def open(self, now: float) -> Counter[str]:
        """How many allocations there are, by realm; those that ended are forgotten."""
        gone = [name for name, one in self._heard.items() if one.seen < now - LASTS_S]
        for name in gone:
            if name not in self._changed:
                del self._heard[name]
        ending = now - LASTS_S + 60.0
        return Counter(one.realm for one in self._heard.values() if one.seen > ending)

    def _allocation(self, name: str) -> Allocation:
        return Allocation(self._heard[name].box, self._heard[name].total)
