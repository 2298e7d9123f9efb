"""Copies of the database: made while the server runs, put back while it does not, and checked.

All functions block on the disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from p2claw.coord.store.damage import damage_of
from p2claw.coord.store.life import DATABASE, check_files, life_in, read_note, write_note
from p2claw.coord.store.opening import (
    check_undamaged,
    check_version,
    connect,
    lock_data,
    unusable,
)
from p2claw.coord.store.schema import SCHEMAS
from p2claw.errors import UsageError
from p2claw.private_file import sync_directory
from p2claw.sqlite_file import upgrade


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds. size: bytes of the file. damage: a line for each thing, or none."""

    path: Path
    size: int
    boxes: int
    claims: int
    invitations: int
    damage: tuple[str, ...] = ()


def check(folder: Path) -> Contents:
    """Look at all of a database, whether its server runs or not.

    Raises UsageError `data-unusable`, `data-newer` and those of `life`.
    """
    path = folder / DATABASE
    with _reading(folder) as connection:
        check_version(connection, path)
        damage = tuple(damage_of(connection))
        return Contents(path, path.stat().st_size, *_counts(connection), damage)


def backup(folder: Path, target: Path, *, overwrite: bool) -> Contents:
    """Copy the database as it is at one moment to the file `target`, and check the copy.

    Raises UsageError `backup-exists`, `backup-unwritable`, `data-damaged`, and as `check`.
    """
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists", code="backup-exists", hint="Name another; or --force")
    with _reading(folder) as connection:
        check_version(connection, folder / DATABASE)
        try:
            with _unfinished(target) as part:
                found = _copy(connection, part, target)
                part.replace(target)
                sync_directory(target.parent)
        except OSError as error:
            raise UsageError(
                f"{target} cannot be written: {error.strerror}", code="backup-unwritable"
            ) from None
    return replace(found, path=target)


def restore(source: Path, folder: Path) -> tuple[Contents, Path | None]:
    """Make the backup `source` the database of a folder whose server does not run.

    Returns what it holds, and where the database is now that was there before. Raises UsageError
    `data-in-use`, `data-unusable`, `data-newer`, `data-empty`, `data-damaged`.
    """
    with lock_data(folder):
        try:
            with _unfinished(folder / DATABASE) as part:
                with closing(_opened_backup(source)) as connection:
                    check_version(connection, source)
                    found = _copy(connection, part, source)
                with closing(connect(part)) as copy:
                    upgrade(copy, SCHEMAS)
                    life = life_in(copy)
                replaced = _moved_away(folder)
                part.rename(folder / DATABASE)
                sync_directory(folder)
                write_note(folder, life)
                _give_to_owner(folder)
        except (sqlite3.Error, OSError) as error:
            raise unusable(source, error) from None
    return replace(found, path=folder / DATABASE), replaced


@contextmanager
def _reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection beside that of the server, or alone.

    Whoever closes a database last puts its write-ahead log into it: the note has to show this then.
    """
    path = folder / DATABASE
    alone = None
    try:
        if not path.parent.is_dir():
            raise UsageError(f"There is no folder {folder}", code="data-lost", hint="Name --data")
        try:
            alone = lock_data(folder)
        except UsageError as error:
            if error.code != "data-in-use":
                raise
        note = read_note(folder)
        if not check_files(folder, note):
            raise UsageError(f"There is no {path}", code="data-lost", hint="Name --data")
        with closing(connect(path)) as connection:
            yield connection
        if alone is not None and note is not None:
            write_note(folder, replace(note, closed=True))
            _give_to_owner(folder)
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from None
    finally:
        if alone is not None:
            alone.close()


def _opened_backup(source: Path) -> sqlite3.Connection:
    """A backup is only read, and may lie where nobody can write."""
    if not source.is_file() or source.stat().st_size == 0:
        raise UsageError(f"{source} is no backup", code="data-empty", hint="Name the file of one")
    has_log = source.with_name(source.name + "-wal").exists()
    how = "mode=rw" if has_log else "mode=ro&immutable=1"
    return sqlite3.connect(f"{source.resolve().as_uri()}?{how}", uri=True, isolation_level=None)


def _copy(connection: sqlite3.Connection, part: Path, name: Path) -> Contents:
    """Copy everything to one file without a log, and check the copy. name: for error texts."""
    with closing(connect(part)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        (version,) = copy.execute("PRAGMA user_version").fetchone()
        if version:
            check_undamaged(copy, name)
        return Contents(part, part.stat().st_size, *_counts(copy))


def _counts(connection: sqlite3.Connection) -> tuple[int, int, int]:
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    boxes, claims, invitations = (
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if table in there else 0
        for table in ("boxes", "claims", "invitations")
    )
    return boxes, claims, invitations


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """An empty private file beside path; it is removed at the end if it is still there."""
    part = path.with_name(f".{path.name}.new")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _give_to_owner(folder: Path) -> None:
    """What root wrote belongs to the user of the server, who could not open it otherwise."""
    if os.geteuid() == 0:
        owner = folder.stat()
        for path in folder.glob("coordinator.*"):
            os.chown(path, owner.st_uid, owner.st_gid)


def _moved_away(folder: Path) -> Path | None:
    """Where the database that is there, with its log, has been put; None if there is none."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    moved = None
    for path in sorted(folder.glob(f"{DATABASE}*")):
        if path.name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            to = folder / path.name.replace(DATABASE, f"replaced-{stamp}.db")
            path.rename(to)
            moved = moved or to
    return moved
