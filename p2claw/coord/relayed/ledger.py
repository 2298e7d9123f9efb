"""The interface of the ledger: what was relayed for each box, and what it may.

Two keep it: `relay_file.py` in SQLite, for one server, and `postgresql_ledger.py` for several
nodes. What of an allocation is counted already is part of the same commit as the count: nothing is
counted twice, however many nodes hear of it, and a server that is killed forgets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

MONTHS, DAYS = 25, 2
# For so long an allocation is remembered after the last word of it. One that is silent for longer
# and then moves more counts from its beginning once more.
ALLOCATION_S = 8 * 86_400


class LedgerError(Exception):
    """It cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read. inode: of the file, because another may have taken its name."""

    inode: int
    offset: int


@dataclass(frozen=True, slots=True)
class Now:
    """The month and the day of UTC that a count is for: `2026-11`, `2026-11-30`."""

    month: str
    day: str
    s: int


@dataclass(frozen=True, slots=True)
class Budget:
    """How many bytes may be relayed for a box; None: any number."""

    month_bytes: int | None = None
    day_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How many bytes were relayed for a box, in this month and on this day."""

    month_bytes: int = 0
    day_bytes: int = 0

    def is_used_up(self, budget: Budget) -> bool:
        month, day = budget.month_bytes, budget.day_bytes
        return (month is not None and self.month_bytes >= month) or (
            day is not None and self.day_bytes >= day
        )


@dataclass(frozen=True, slots=True)
class Allocation:
    """What is known of one allocation: for which box, and at least so many bytes so far."""

    box: str
    total: int


class Ledger(Protocol):
    """Every method raises LedgerError if the ledger cannot be read or written."""

    async def place(self, source: str) -> Place | None:
        """How far this log was read; None: it never was."""
        ...

    async def add(self, now: Now, moved: Mapping[str, int], source: str, place: Place) -> None:
        """Count more by box, and note how far the log was read: both or neither."""
        ...

    async def raise_to(self, now: Now, allocations: Mapping[str, Allocation]) -> None:
        """Count what of these allocations is more than was known of them, by their names.

        Whoever knows less of one, or the same, changes nothing.
        """
        ...

    async def known(self) -> dict[str, Allocation]:
        """What is counted of allocations that are remembered, by their names."""
        ...

    async def usage(self, now: Now) -> dict[str, Usage]:
        """What was relayed in this month and on this day, by box."""
        ...

    async def budgets(self) -> dict[str, Budget]:
        """Of those boxes that have one."""
        ...

    async def set_budget(self, box: str, budget: Budget) -> None:
        """What a box may from now on."""
        ...

    async def close(self) -> None: ...
