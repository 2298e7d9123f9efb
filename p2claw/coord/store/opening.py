"""Opens the database of a folder, or makes a new one where there never was one.

Whatever is doubtful is an error that names the way out: a store that quietly began anew would give
the aliases of all boxes to others.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

from p2claw.coord.chosen_alias import skeleton
from p2claw.coord.store.damage import damage_of
from p2claw.coord.store.life import (
    DATABASE,
    Life,
    check_files,
    check_life,
    life_in,
    read_note,
    write_note,
)
from p2claw.coord.store.schema import SCHEMA_VERSION, SCHEMAS
from p2claw.errors import UsageError
from p2claw.file_lock import FileLock
from p2claw.private_file import sync_directory
from p2claw.sqlite_file import open_sqlite, upgrade, version_of
from p2claw.system_errors import reason_of

_LOCK = "coordinator.lock"
_UNFINISHED = "coordinator.db.new"


def lock_data(folder: Path) -> FileLock:
    """The lock of the one process that may write there; the folder is made if it is missing.

    Raises UsageError `data-in-use`, `data-unusable`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(folder / _LOCK)
    except BlockingIOError:
        raise UsageError(
            f"Another server uses {folder}",
            code="data-in-use",
            hint="Stop it, or name another --data folder",
        ) from None
    except OSError as error:
        raise unusable(folder, error) from error


def open_database(folder: Path) -> tuple[sqlite3.Connection, Life]:
    """The database of a folder that this process has locked, and the life that begins.

    Raises UsageError `data-unusable`, `data-newer`, `data-damaged` and those of `life`.
    """
    path = folder / DATABASE
    connection: sqlite3.Connection | None = None
    note: Life | None = None
    try:
        note = read_note(folder)
        if not check_files(folder, note):
            _make(folder)
        _close_to_others(folder)
        connection = connect(path)
        check_version(connection, path)
        check_undamaged(connection, path)
        upgrade(connection, SCHEMAS)
        life = life_in(connection)
        check_life(folder / DATABASE, life, note)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE life SET opened = opened + 1")
        life = Life(life.store, life.opened + 1, closed=False)
        write_note(folder, life)
        return connection, life
    except BaseException as error:
        if connection is not None:
            connection.close()  # which has put the write-ahead log into the database
            if note is not None:
                write_note(folder, replace(note, closed=True))
        if isinstance(error, sqlite3.Error | OSError):
            raise unusable(path, error) from error
        raise


def connect(path: Path) -> sqlite3.Connection:
    """A connection that knows what the tables need. Raises sqlite3.Error."""
    connection = open_sqlite(path)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function("skeleton", 1, skeleton, deterministic=True)
    return connection


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raises UsageError `data-newer`, `data-empty`."""
    version = version_of(connection)
    if version > SCHEMA_VERSION:
        raise UsageError(
            f"The data was written by a newer p2claw: schema {version}, known {SCHEMA_VERSION}",
            code="data-newer",
            hint="Start that version, or name another --data folder",
        )
    if version == 0:
        raise UsageError(
            f"{path} holds nothing of a coordinator",
            code="data-empty",
            hint="Name another --data folder, or put back a backup: `p2claw server restore FILE`",
        )


def check_undamaged(connection: sqlite3.Connection, path: Path) -> None:
    """Raises UsageError `data-damaged`."""
    found = damage_of(connection)
    if found:
        raise UsageError(
            f"{path} is damaged: {found[0]}" + (f", and {len(found) - 1} more" * (len(found) > 1)),
            code="data-damaged",
            hint="`p2claw server check` shows all; put back a backup: `p2claw server restore FILE`",
        )


def unusable(path: Path, error: Exception) -> UsageError:
    """What is wrong with a file or folder, in the words of the system or of SQLite."""
    return UsageError(
        f"The data in {path} cannot be used: {reason_of(error)}",
        code="data-unusable",
        hint="Check its owner and free space, or put back a backup: `p2claw server restore FILE`; "
        "aliases live there",
    )


def _make(folder: Path) -> None:
    """A new database: it gets its name when it is whole, so that no crash leaves an empty one."""
    unfinished = folder / _UNFINISHED
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    connection = connect(unfinished)
    try:
        upgrade(connection, SCHEMAS)
    finally:
        connection.close()
    unfinished.rename(folder / DATABASE)
    sync_directory(folder)


def _close_to_others(folder: Path) -> None:
    """Nobody but their owner reads the files, also those that an earlier version made."""
    for path in folder.glob(f"{DATABASE}*"):
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
