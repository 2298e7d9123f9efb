"""Files of SQLite that this program keeps: how they are opened, and brought to their version.

What is in them, and what to do about one that is damaged, is left to whoever opens them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path


def open_sqlite(path: Path) -> sqlite3.Connection:
    """A connection in autocommit, so that a transaction begins at BEGIN and nowhere else.

    It may be used by any one thread at a time. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # FULL: a commit is on the disk, not only in the log of the kernel, when it returns.
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """How many of its schemas a file has; 0: it is new, or holds nothing of ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def upgrade(connection: sqlite3.Connection, schemas: Sequence[str]) -> None:
    """Bring the tables to the newest version, each step whole or not at all.

    schemas: statements that lead from each version to the next, the oldest first.
    """
    for number in range(version_of(connection), len(schemas)):
        connection.executescript(
            f"BEGIN IMMEDIATE; {schemas[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )
