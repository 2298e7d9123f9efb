"""`relayed.db`: the ledger of one server, in SQLite, and how far the log of coturn was read.

`RelayFile` blocks on the disk; `FileLedger` does the same in threads, one call after the other.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from p2claw.coord.relayed.ledger import (
    ALLOCATION_S,
    DAYS,
    MONTHS,
    Allocation,
    Budget,
    LedgerError,
    Now,
    Place,
    Usage,
)
from p2claw.errors import UsageError
from p2claw.private_file import make_private_directory

FILE_NAME = "relayed.db"

# Each version is what is added to the one before. Months and days are in one table: `month` is the
# older name of the period.
_SCHEMAS = (
    """
CREATE TABLE relayed (
  month TEXT NOT NULL, box TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (month, box)
) STRICT, WITHOUT ROWID;
CREATE TABLE limits (box TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE place (
  one INTEGER PRIMARY KEY CHECK (one = 1), inode INTEGER NOT NULL, offset INTEGER NOT NULL
) STRICT;
""",
    """
CREATE TABLE budgets (
  box TEXT PRIMARY KEY, month_bytes INTEGER, day_bytes INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO budgets SELECT box, bytes, NULL FROM limits;
DROP TABLE limits;
CREATE TABLE allocations (
  name TEXT PRIMARY KEY, box TEXT NOT NULL, total INTEGER NOT NULL, seen_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
""",
)
SCHEMA_VERSION = len(_SCHEMAS)

T = TypeVar("T")


class RelayFile:
    """The open file. Any one thread at a time may use it. Raises UsageError `relayed-unusable`."""

    def __init__(self, path: Path) -> None:
        try:
            make_private_directory(path.parent)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise sqlite3.DatabaseError("it was written by a newer p2claw")
            for number, schema in enumerate(_SCHEMAS[version:], version + 1):
                self._connection.executescript(
                    f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {number}; COMMIT;"
                )
            self.budgets()
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"What was relayed for boxes, {path}, cannot be used: {error}",
                code="relayed-unusable",
                hint="Put back a copy, or move it away: months and limits are then gone",
            ) from None

    def add(self, now: Now, moved: Mapping[str, int], place: Place) -> None:
        """As `Ledger.add`. Raises sqlite3.Error."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._count(now, moved)
            self._connection.execute(
                "INSERT OR REPLACE INTO place VALUES (1, ?, ?)", (place.inode, place.offset)
            )

    def raise_to(self, now: Now, allocations: Mapping[str, Allocation]) -> None:
        """As `Ledger.raise_to`. Raises sqlite3.Error."""
        moved: Counter[str] = Counter()
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for name, one in allocations.items():
                row = self._connection.execute(
                    "SELECT total FROM allocations WHERE name = ?", (name,)
                ).fetchone()
                before = 0 if row is None else row[0]
                moved[one.box] += max(0, one.total - before)
                values = (name, one.box, max(one.total, before), now.s)
                self._connection.execute(
                    "INSERT OR REPLACE INTO allocations VALUES (?, ?, ?, ?)", values
                )
            self._count(now, moved)
            self._connection.execute(
                "DELETE FROM allocations WHERE seen_s < ?", (now.s - ALLOCATION_S,)
            )

    def place(self) -> Place | None:
        """How far the log was read; None: it never was."""
        row = self._connection.execute("SELECT inode, offset FROM place").fetchone()
        return None if row is None else Place(*row)

    def known(self) -> dict[str, Allocation]:
        """As `Ledger.known`."""
        rows = self._connection.execute("SELECT name, box, total FROM allocations")
        return {name: Allocation(box, total) for name, box, total in rows}

    def usage(self, now: Now) -> dict[str, Usage]:
        """As `Ledger.usage`."""
        rows = self._connection.execute(
            "SELECT box, SUM(CASE WHEN month = ? THEN bytes ELSE 0 END),"
            " SUM(CASE WHEN month = ? THEN bytes ELSE 0 END)"
            " FROM relayed WHERE month IN (?, ?) GROUP BY box",
            (now.month, now.day, now.month, now.day),
        )
        return {box: Usage(month, day) for box, month, day in rows}

    def budgets(self) -> dict[str, Budget]:
        """As `Ledger.budgets`."""
        rows = self._connection.execute("SELECT box, month_bytes, day_bytes FROM budgets")
        return {box: Budget(month, day) for box, month, day in rows}

    def set_budget(self, box: str, budget: Budget) -> None:
        """As `Ledger.set_budget`. Raises sqlite3.Error."""
        with self._connection:
            self._connection.execute("DELETE FROM budgets WHERE box = ?", (box,))
            if budget != Budget():
                row = (box, budget.month_bytes, budget.day_bytes)
                self._connection.execute("INSERT INTO budgets VALUES (?, ?, ?)", row)

    def close(self) -> None:
        self._connection.close()

    def _count(self, now: Now, moved: Mapping[str, int]) -> None:
        self._connection.executemany(
            "INSERT INTO relayed VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
            [
                (period, box, count)
                for box, count in moved.items()
                if count
                for period in (now.month, now.day)
            ],
        )
        for length, most in ((len(now.month), MONTHS), (len(now.day), DAYS)):
            self._connection.execute(
                "DELETE FROM relayed WHERE length(month) = ? AND month NOT IN (SELECT DISTINCT"
                " month FROM relayed WHERE length(month) = ? ORDER BY month DESC LIMIT ?)",
                (length, length, most),
            )


class FileLedger:
    """`Ledger` in a `RelayFile`, which it closes. There is one log, whatever its name."""

    def __init__(self, file: RelayFile) -> None:
        self._file = file
        self._lock = asyncio.Lock()

    async def place(self, source: str) -> Place | None:
        return await self._do(self._file.place)

    async def add(self, now: Now, moved: Mapping[str, int], source: str, place: Place) -> None:
        await self._do(lambda: self._file.add(now, moved, place))

    async def raise_to(self, now: Now, allocations: Mapping[str, Allocation]) -> None:
        await self._do(lambda: self._file.raise_to(now, allocations))

    async def known(self) -> dict[str, Allocation]:
        return await self._do(self._file.known)

    async def usage(self, now: Now) -> dict[str, Usage]:
        return await self._do(lambda: self._file.usage(now))

    async def budgets(self) -> dict[str, Budget]:
        return await self._do(self._file.budgets)

    async def set_budget(self, box: str, budget: Budget) -> None:
        await self._do(lambda: self._file.set_budget(box, budget))

    async def close(self) -> None:
        await self._do(self._file.close)

    async def _do(self, work: Callable[[], T]) -> T:
        async with self._lock:
            try:
                return await asyncio.to_thread(work)
            except (OSError, sqlite3.Error) as error:
                raise LedgerError(str(error)) from None
