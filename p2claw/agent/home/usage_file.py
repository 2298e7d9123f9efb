"""`usage.db`: what each app has moved in each month, in one SQLite file.

One agent writes it, under the lock of its home, and each write is whole or not at all. All methods
block on the disk. A file that cannot be read is an error, and never a month that begins at 0: its
limits would not hold any more.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from p2claw.errors import UsageError
from p2claw.private_file import make_private_directory
from p2claw.sqlite_file import open_sqlite, upgrade, version_of

MONTHS = 25
"""As many are kept: this one and two years before it."""
APPS = 1_000
"""Of one month. What further ones move counts for OTHERS, which is the name of no app."""
OTHERS = "*"

_SCHEMAS = (
    """
CREATE TABLE usage (
  month TEXT NOT NULL,
  app TEXT NOT NULL,
  visits INTEGER NOT NULL,
  direct_in INTEGER NOT NULL, direct_out INTEGER NOT NULL,
  relayed_in INTEGER NOT NULL, relayed_out INTEGER NOT NULL,
  PRIMARY KEY (month, app)
) STRICT, WITHOUT ROWID;
""",
)

_ADD = """
INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (month, app) DO UPDATE SET
  visits = visits + excluded.visits,
  direct_in = direct_in + excluded.direct_in, direct_out = direct_out + excluded.direct_out,
  relayed_in = relayed_in + excluded.relayed_in, relayed_out = relayed_out + excluded.relayed_out
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """Visits, and bytes by path and direction: `in` is from visitors."""

    visits: int = 0
    direct_in: int = 0
    direct_out: int = 0
    relayed_in: int = 0
    relayed_out: int = 0

    @property
    def bytes(self) -> int:
        """All of them, both ways and by both paths."""
        return self.direct_in + self.direct_out + self.relayed_in + self.relayed_out

    def __add__(self, other: Moved) -> Moved:
        return Moved(*map(sum, zip(astuple(self), astuple(other), strict=True)))


Month = dict[str, Moved]
"""What apps moved in one month, by name."""


class UsageFile:
    """The open file. Any one thread at a time may use it.

    Raises UsageError `usage-exposed`, `usage-damaged`, `usage-newer`, `usage-unwritable`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = _open(path)

    def add(self, month: str, moved: Mapping[str, Moved], own: Collection[str] = ()) -> None:
        """Count more, all of it or nothing. month: `2026-11`. own: apps that are counted by name
        whatever there is, because they have a limit. Raises sqlite3.Error."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            known = self._apps(month)
            for app, more in moved.items():
                if app not in known and app not in own and len(known) >= APPS:
                    app = OTHERS
                known.add(app)
                self._connection.execute(_ADD, (month, app, *astuple(more)))
            self._connection.execute(
                "DELETE FROM usage WHERE month NOT IN"
                " (SELECT DISTINCT month FROM usage ORDER BY month DESC LIMIT ?)",
                (MONTHS,),
            )

    def months(self) -> dict[str, Month]:
        """All that is kept, the newest month first. Raises sqlite3.Error."""
        found: dict[str, Month] = {}
        rows = self._connection.execute("SELECT * FROM usage ORDER BY month DESC, app")
        for month, app, *counts in rows:
            found.setdefault(month, {})[app] = Moved(*counts)
        return found

    def close(self) -> None:
        """Raises sqlite3.Error."""
        self._connection.close()

    def _apps(self, month: str) -> set[str]:
        rows = self._connection.execute("SELECT app FROM usage WHERE month = ?", (month,))
        return {app for (app,) in rows}


def _open(path: Path) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        _make_private(path)
        connection = open_sqlite(path)
        connection.execute("PRAGMA journal_mode = WAL")
        if version_of(connection) > len(_SCHEMAS):
            raise UsageError(
                f"{path} was written by a newer p2claw",
                code="usage-newer",
                hint="Start that version, or move the file away: months are then counted anew",
            )
        upgrade(connection, _SCHEMAS)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        connection.execute("SELECT visits, relayed_out FROM usage LIMIT 1").fetchone()
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, OSError | sqlite3.OperationalError):
            raise UsageError(
                f"The usage of apps at {path} cannot be written: {error}",
                code="usage-unwritable",
                hint="Check its owner, its mode and the free space",
            ) from error
        if isinstance(error, sqlite3.Error):
            raise UsageError(
                f"The usage of apps at {path} is damaged: {error}",
                code="usage-damaged",
                hint="Put back a copy, or move the file away: months are then counted anew",
            ) from error
        raise
    return connection


def _make_private(path: Path) -> None:
    """Make the file for its owner alone, or see that others cannot change it. Raises OSError."""
    make_private_directory(path.parent)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        facts = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if facts.st_uid not in (os.geteuid(), 0) or facts.st_mode & 0o022:
        mode = stat.S_IMODE(facts.st_mode)
        raise UsageError(
            f"The usage of apps at {path} cannot be trusted: others may change it ({mode:04o})",
            code="usage-exposed",
            hint=f"Check what is in it, then: chmod 600 {path}",
        )
