"""When visits end by themselves: a heap of the deadlines of all that are under way."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from p2claw.coord.visit import Visit

# So many entries of visits that have ended may stay in the heap, beside one per visit under way.
_STALE = 1024


class Deadlines:
    """The deadlines of visits, soonest first. visits: those under way, by their session.

    An entry is not removed when its visit ends or gets another deadline: it is stale from then on,
    and passed over.
    """

    def __init__(self, visits: Mapping[str, Visit]) -> None:
        self._visits = visits
        self._heap: list[tuple[float, str]] = []

    def add(self, visit: Visit) -> None:
        """A visit is new, or has another deadline than before."""
        if len(self._heap) > 2 * len(self._visits) + _STALE:
            self._heap = [entry for entry in self._heap if entry[1] in self._visits]
            heapq.heapify(self._heap)
        heapq.heappush(self._heap, (visit.due(), visit.request.session))

    def next(self) -> float | None:
        """The soonest deadline; None: there is none."""
        while self._heap and self._is_stale(*self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> str | None:
        """The session of a visit whose deadline has come; None: there is none more."""
        due = self.next()
        if due is None or due > now:
            return None
        return heapq.heappop(self._heap)[1]

    def _is_stale(self, due: float, session: str) -> bool:
        visit = self._visits.get(session)
        return visit is None or visit.due() != due
