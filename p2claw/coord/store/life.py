"""Whether a database is the one that was here last, whole: an older one would give aliases twice.

Beside the database lies a note, `coordinator.json`: which store it is, how many times it has been
opened, and whether it was closed. The database counts its openings, too. So it shows when the file
is gone, was replaced by an older copy, or was copied without the write-ahead log that belongs to
it. A node whose store is in PostgreSQL has such a note in its folder, `cluster.json`.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from p2claw.errors import UsageError
from p2claw.private_file import replace

DATABASE = "coordinator.db"
WRITE_AHEAD_LOG = "coordinator.db-wal"
NOTE = "coordinator.json"
# Of a node whose store is in PostgreSQL.
CLUSTER_NOTE = "cluster.json"

_WAY_OUT = (
    "Put back what is missing, or a backup: `p2claw server restore FILE`. Only if no box has an "
    "alias here that it should keep, begin anew: remove coordinator.* from the folder"
)


@dataclass(frozen=True, slots=True)
class Life:
    """store: its random name. opened: how many times. closed: nothing of it is in the log."""

    store: str
    opened: int
    closed: bool


def read_note(folder: Path, name: str = NOTE) -> Life | None:
    """What is in the note; None if there is none. Raises UsageError `data-unusable`, OSError."""
    path = folder / name
    try:
        content = json.loads(path.read_bytes())
        return Life(str(content["store"]), int(content["opened"]), bool(content["closed"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error!r}",
            code="data-unusable",
            hint=f"Check the database by `p2claw server check`; if it is good, remove {path}",
        ) from None


def write_note(folder: Path, life: Life, name: str = NOTE) -> None:
    """Raises OSError."""
    content = {"store": life.store, "opened": life.opened, "closed": life.closed}
    replace(folder / name, json.dumps(content).encode() + b"\n")


def life_in(connection: sqlite3.Connection) -> Life:
    """What is in the database itself; whether it was closed, it does not know."""
    store, opened = connection.execute("SELECT store, opened FROM life").fetchone()
    return Life(store, opened, closed=True)


def check_files(folder: Path, note: Life | None) -> bool:
    """Whether there is a database, before it is opened.

    Raises UsageError `data-lost`: there was one. `data-empty`: it has no byte. `data-log-lost`:
    its write-ahead log is missing, with whatever was written last.
    """
    database, log = folder / DATABASE, folder / WRITE_AHEAD_LOG
    if not database.exists():
        if note is None and not log.exists():
            return False
        raise UsageError(f"{database} was here and is gone", code="data-lost", hint=_WAY_OUT)
    if database.stat().st_size == 0:
        raise UsageError(f"{database} is empty", code="data-empty", hint=_WAY_OUT)
    if note is not None and not note.closed and not log.exists():
        raise UsageError(
            f"{log} is missing, and what was written last is in it",
            code="data-log-lost",
            hint=f"{_WAY_OUT}. If another program has opened and closed the database since the "
            f"server ended, nothing is lost: remove {NOTE}",
        )
    return True


def check_life(database: object, life: Life, note: Life | None, *, way_out: str = _WAY_OUT) -> None:
    """Raises UsageError `data-older`: the database is not the one that was here last."""
    if note is None or (life.store == note.store and life.opened >= note.opened):
        return
    what = "an older copy" if life.store == note.store else "of another server"
    raise UsageError(
        f"{database} is {what}, not the database that was here last",
        code="data-older",
        hint=way_out,
    )
