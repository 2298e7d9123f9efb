"""`relayed.db`: what was relayed for each box in each month, what it may, and how far the log of
coturn was read. One SQLite file; all methods block on the disk.

What is counted and how far the log was read are one commit: a server that is killed counts nothing
twice and forgets nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from p2claw.errors import UsageError
from p2claw.private_file import make_private_directory

FILE_NAME = "relayed.db"
SCHEMA_VERSION = 1
MONTHS = 25

_SCHEMA = """
CREATE TABLE relayed (
  month TEXT NOT NULL, box TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (month, box)
) STRICT, WITHOUT ROWID;
CREATE TABLE limits (box TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE place (
  one INTEGER PRIMARY KEY CHECK (one = 1), inode INTEGER NOT NULL, offset INTEGER NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read. inode: of the file, because another may have taken its name."""

    inode: int
    offset: int


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
            if version == 0:
                self._connection.executescript(
                    f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
                )
            elif version != SCHEMA_VERSION:
                raise sqlite3.DatabaseError("it was written by a newer p2claw")
            self.limits()
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"What was relayed for boxes, {path}, cannot be used: {error}",
                code="relayed-unusable",
                hint="Put back a copy, or move it away: months and limits are then gone",
            ) from None

    def add(self, month: str, moved: Mapping[str, int], place: Place) -> None:
        """Count more, and note how far the log was read: both or neither. Raises sqlite3.Error."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO relayed VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
                [(month, box, count) for box, count in moved.items()],
            )
            self._connection.execute(
                "INSERT OR REPLACE INTO place VALUES (1, ?, ?)", (place.inode, place.offset)
            )
            self._connection.execute(
                "DELETE FROM relayed WHERE month NOT IN"
                " (SELECT DISTINCT month FROM relayed ORDER BY month DESC LIMIT ?)",
                (MONTHS,),
            )

    def place(self) -> Place | None:
        """How far the log was read; None: it never was."""
        row = self._connection.execute("SELECT inode, offset FROM place").fetchone()
        return None if row is None else Place(*row)

    def month(self, month: str) -> dict[str, int]:
        """What was relayed in a month, by box."""
        rows = self._connection.execute("SELECT box, bytes FROM relayed WHERE month = ?", (month,))
        return dict(rows.fetchall())

    def limits(self) -> dict[str, int]:
        """How much may be relayed per month, of those boxes that have a limit."""
        return dict(self._connection.execute("SELECT box, bytes FROM limits").fetchall())

    def limit(self, box: str, most_bytes: int | None) -> None:
        """Limit a box; None: no more. Raises sqlite3.Error."""
        with self._connection:
            if most_bytes is None:
                self._connection.execute("DELETE FROM limits WHERE box = ?", (box,))
            else:
                row = (box, most_bytes)
                self._connection.execute("INSERT OR REPLACE INTO limits VALUES (?, ?)", row)

    def close(self) -> None:
        self._connection.close()
