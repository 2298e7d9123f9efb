"""What one fault led to: a row of the table, and the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.cluster.relays import Relays
from tests.cluster.visits import Visits


@dataclass
class Row:
    """lasted_s: how long the fault did. disturbed_s: from when the first visit that failed began
    until the last one that failed ended. waited_s: the longest that a visitor waited in all, who
    came again until there was an answer. back_s: how long after the fault everything was back.
    relays_s: from the first allocation that failed until the last one. lost: visits of boxes that
    were online, without an answer in the end.
    """

    fault: str
    lasted_s: float = 0.0
    back_s: float = 0.0
    disturbed_s: float = 0.0
    waited_s: float = 0.0
    relays_s: float = 0.0
    answered: int = 0
    lost: int = 0
    failures: dict[str, int] = field(default_factory=dict)


class Measured:
    """Fills a row with what visits and relays have seen since this was made, at `began`."""

    def __init__(self, visits: Visits, relays: Relays, began: float) -> None:
        self._visits = visits
        self._relays = relays
        self._began = began
        self._codes = Counter(visits.codes)
        self._lost = visits.lost

    def fill(self, row: Row) -> None:
        """Call it when everything is back."""
        failed = [one for one in self._visits.failed if one[1] >= self._began]
        if failed:
            first = max(self._began, min(began for began, _ in failed))
            row.disturbed_s = round(max(ended for _, ended in failed) - first, 1)
        waits = [waited for when, waited in self._visits.waits_s if when >= self._began]
        row.waited_s = round(max(waits, default=0.0), 1)
        silent = [when for when, _ in self._relays.failed if when >= self._began]
        row.relays_s = round(max(silent) - min(silent), 1) if silent else 0.0
        row.failures = dict(self._visits.codes - self._codes)
        row.answered = row.failures.pop("answered", 0)
        row.lost = self._visits.lost - self._lost


def table(rows: Sequence[Row]) -> str:
    """One line for each, under their names."""
    lines = [
        f"{'':<28}{'lasted':>8}{'back after':>11}{'disturbed':>11}{'waited':>8}{'relays':>8}"
        f"{'answered':>10}{'lost':>6}  failed, and repeated"
    ]
    for row in rows:
        codes = ", ".join(f"{code} {n}" for code, n in sorted(row.failures.items()))
        lines.append(
            f"{row.fault:<28}{row.lasted_s:>6} s{row.back_s:>9} s{row.disturbed_s:>9} s"
            f"{row.waited_s:>6} s{row.relays_s:>6} s{row.answered:>10}{row.lost:>6}  {codes}"
        )
    return "\n".join(lines)
