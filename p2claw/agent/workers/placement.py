"""Which worker gets the next visitor: the one that has most of a core left.

Visitors differ: one watches a film, twenty others read. So workers report how much of a core they
use, and with how many visitors; those that came or left since then count as much as a visitor costs
on the average. Where that leaves workers equal, the one with the fewest visitors gets the next, and
of those each in turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

# Shares of a core that differ by less than this are equal: below it is noise of one interval.
_STEP_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker reported. cpu_percent: of one core. links: the visitors that it had then."""

    cpu_percent: int = 0
    links: int = 0


class Placed(Protocol):
    """A worker, by number from 0, with its latest report."""

    @property
    def number(self) -> int: ...
    @property
    def load(self) -> Load: ...


class Placement:
    """Counts the visitors of each worker, and chooses. workers: all; may be filled later."""

    def __init__(self, workers: Sequence[Placed]) -> None:
        self._workers = workers
        self._links: Counter[int] = Counter()
        self._turn = 0

    def links(self, worker: Placed) -> int:
        """How many visitors it has."""
        return self._links[worker.number]

    def add(self, worker: Placed) -> None:
        self._links[worker.number] += 1

    def remove(self, worker: Placed) -> None:
        self._links[worker.number] -= 1

    def choose(self, among: Iterable[int]) -> int | None:
        """The number of the worker for the next visitor, of these; None: there are none."""
        per_visitor = self._percent_per_visitor()
        expected = {number: self._expected(self._workers[number], per_visitor) for number in among}
        if not expected:
            return None
        least, count = min(expected.values()), len(self._workers)
        chosen = min(
            (number for number, percent in expected.items() if percent < least + _STEP_PERCENT),
            key=lambda number: (self._links[number], (number - self._turn) % count),
        )
        self._turn = chosen + 1
        return chosen

    def _percent_per_visitor(self) -> float:
        loads = [worker.load for worker in self._workers]
        return sum(load.cpu_percent for load in loads) / max(1, sum(load.links for load in loads))

    def _expected(self, worker: Placed, per_visitor: float) -> float:
        load = worker.load
        came = self._links[worker.number] - load.links
        return max(0.0, load.cpu_percent + came * per_visitor)
