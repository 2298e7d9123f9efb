"""Changes of keys in SQLite, and who may make one. Each function is a part of one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from p2claw.coord.store import boxes
from p2claw.coord.store.base import BoxRecord, KeyChange
from p2claw.coord.store.key_refusals import (
    backup_known,
    backup_unknown,
    check_room,
    key_known,
    key_replaced,
)


def change(
    db: sqlite3.Connection, present: bytes, changes: Sequence[KeyChange], now_s: int
) -> BoxRecord:
    """Raises RefusedError, as `Store.change_key`."""
    record = _box_with(db, present, changes)
    first = boxes.first_key(db, present)
    if record.public_key == changes[-1].public_key:
        return record
    for number, one in enumerate(changes, len(record.key_changes) + 1):
        check_room(number)
        if boxes.of_key(db, one.public_key) is not None:
            raise key_known()
        if one.backup and one.backup != record.backup:
            raise backup_unknown()
        db.execute(
            "INSERT INTO key_changes VALUES (?, ?, ?, ?, ?, ?)",
            (one.public_key, first, number, one.key_alias, b"".join(one.statements), now_s),
        )
    db.execute("DELETE FROM backups WHERE box = ?", (first,))
    return _of(db, first)


def set_backup(
    db: sqlite3.Connection,
    public_key: bytes,
    backup_key: bytes | None,
    statement: bytes,
    now_s: int,
) -> BoxRecord:
    """Raises RefusedError, as `Store.set_backup`."""
    _box_with(db, public_key, ())
    first = boxes.first_key(db, public_key)
    if backup_key is None:
        db.execute("DELETE FROM backups WHERE box = ?", (first,))
        return _of(db, first)
    other = db.execute(
        "SELECT 1 FROM backups WHERE backup_key = ? AND box <> ?", (backup_key, first)
    )
    if other.fetchone() is not None:
        raise backup_known()
    db.execute(
        "INSERT OR REPLACE INTO backups VALUES (?, ?, ?, ?)", (first, backup_key, statement, now_s)
    )
    return _of(db, first)


def of_backup(db: sqlite3.Connection, backup_key: bytes) -> BoxRecord | None:
    row = db.execute("SELECT box FROM backups WHERE backup_key = ?", (backup_key,)).fetchone()
    return None if row is None else boxes.of_key(db, row[0])


def _box_with(db: sqlite3.Connection, public_key: bytes, changes: Sequence[KeyChange]) -> BoxRecord:
    """The box that has this key, or has got the last of the changes already."""
    record = _of(db, public_key)
    if record.public_key not in (public_key, *(one.public_key for one in changes[-1:])):
        raise key_replaced(record.public_key)
    return record


def _of(db: sqlite3.Connection, public_key: bytes) -> BoxRecord:
    record = boxes.of_key(db, public_key)
    assert record is not None, "a box that registered is there"
    return record
