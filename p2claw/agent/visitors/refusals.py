"""Counts what a box refuses: for `p2claw status`.

The name of a count is what was refused and why, as `visitors/box-busy`. The reasons are the codes
that were sent to the refused side; docs/OPERATIONS.md lists them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from p2claw.wire.session.counters import Counters

VISITORS = "visitors"  # offers
DIALS = "dials"  # no reply is sent
CHECKS = "checks"  # of a link, or copies of them; no reply is sent
PLACES = "places"  # of visitors that were gone, given to others
REQUESTS = "requests"  # error responses of the box
STREAMS = "streams"  # RESET by the session
PINGS = "pings"
LINKS = "links"  # ended by the session, which broke a rule or a limit
KEPT = "kept"  # requests that ended with their link though they were to be kept

_OF_SESSIONS = ((STREAMS, "refused"), (REQUESTS, "head"), (PINGS, "rate"))


class Refusals:
    """The counts of one process."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def count(self, what: str, code: str, times: int = 1) -> None:
        """Count a refusal. what: one of the names above."""
        if times:
            self._counts[f"{what}/{code}"] += times

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the counts of another process."""
        self._counts.update(counts)

    def copy(self) -> Refusals:
        """A copy that is counted on independently."""
        other = Refusals()
        other.add(self._counts)
        return other

    def counts(self) -> dict[str, int]:
        """All that are not 0, by `what/code`."""
        return dict(sorted(self._counts.items()))


class SessionRefusals:
    """What one session refuses by itself, counted among the rest as soon as somebody looks."""

    __slots__ = ("_noted",)

    def __init__(self) -> None:
        self._noted = (0, 0, 0)  # of each of _OF_SESSIONS

    def note(self, counters: Counters, refusals: Refusals) -> None:
        """Count what was refused since the last time."""
        now = (counters.streams_refused, counters.heads_refused, counters.pings_dropped)
        if now == self._noted:
            return
        for (what, code), times, before in zip(_OF_SESSIONS, now, self._noted, strict=True):
            refusals.count(what, code, times - before)
        self._noted = now


def by_kind(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """The same as `status` has them: what was refused, why, how often."""
    nested: dict[str, dict[str, int]] = {}
    for name, count in counts.items():
        what, _, code = name.partition("/")
        nested.setdefault(what, {})[code] = count
    return nested
