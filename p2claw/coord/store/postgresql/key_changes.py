"""Changes of keys in PostgreSQL, and who may make one. Each function is part of a transaction.

Nodes that change the key of one box at once wait for each other at its row.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation

from p2claw.coord.store.base import BoxRecord, KeyChange
from p2claw.coord.store.key_refusals import (
    backup_known,
    backup_unknown,
    check_room,
    key_known,
    key_replaced,
)
from p2claw.coord.store.postgresql import boxes


async def change(
    db: AsyncConnection, present: bytes, changes: Sequence[KeyChange], now_s: int
) -> BoxRecord:
    """Raises RefusedError, as `Store.change_key`."""
    first, record = await _locked(db, present, changes)
    if record.public_key == changes[-1].public_key:
        return record
    for number, one in enumerate(changes, len(record.key_changes) + 1):
        check_room(number)
        if one.backup and one.backup != record.backup:
            raise backup_unknown()
        try:
            async with db.transaction():
                await db.execute(
                    "INSERT INTO key_changes VALUES (%s, %s, %s, %s, %s, %s)",
                    (one.public_key, first, number, one.key_alias, b"".join(one.statements), now_s),
                )
        except UniqueViolation:
            raise key_known() from None
    await db.execute("DELETE FROM backups WHERE box = %s", (first,))
    return await _of(db, first)


async def set_backup(
    db: AsyncConnection,
    public_key: bytes,
    backup_key: bytes | None,
    statement: bytes,
    now_s: int,
) -> BoxRecord:
    """Raises RefusedError, as `Store.set_backup`."""
    first, _ = await _locked(db, public_key, ())
    await db.execute("DELETE FROM backups WHERE box = %s", (first,))
    if backup_key is not None:
        try:
            async with db.transaction():
                await db.execute(
                    "INSERT INTO backups VALUES (%s, %s, %s, %s)",
                    (first, backup_key, statement, now_s),
                )
        except UniqueViolation:
            raise backup_known() from None
    return await _of(db, first)


async def of_backup(db: AsyncConnection, backup_key: bytes) -> BoxRecord | None:
    found = await db.execute("SELECT box FROM backups WHERE backup_key = %s", (backup_key,))
    row = await found.fetchone()
    return None if row is None else await boxes.of_key(db, bytes(row[0]))


async def _locked(
    db: AsyncConnection, public_key: bytes, changes: Sequence[KeyChange]
) -> tuple[bytes, BoxRecord]:
    """The box that has this key, or has got the last of the changes already, and its first key.

    Until the transaction ends nobody else changes its key.
    """
    first = await boxes.first_key(db, public_key)
    await db.execute("SELECT 1 FROM boxes WHERE public_key = %s FOR NO KEY UPDATE", (first,))
    record = await _of(db, first)
    if record.public_key not in (public_key, *(one.public_key for one in changes[-1:])):
        raise key_replaced(record.public_key)
    return first, record


async def _of(db: AsyncConnection, public_key: bytes) -> BoxRecord:
    record = await boxes.of_key(db, public_key)
    assert record is not None, "a box that registered is there"
    return record
