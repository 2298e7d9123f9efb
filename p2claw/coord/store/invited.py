"""Invitations in SQLite: made, used, withdrawn. Each function is a part of one transaction."""

from __future__ import annotations

import sqlite3

from p2claw.coord.store.base import Invitation
from p2claw.errors import RefusedError

_COLUMNS = "id, name, uses, used, created_s, expires_s, withdrawn"
_GOOD = "code_hash = ?1 AND used < uses AND NOT withdrawn AND (expires_s IS NULL OR expires_s > ?2)"


def make(
    db: sqlite3.Connection,
    code_hash: bytes,
    name: str,
    uses: int,
    now_s: int,
    expires_s: int | None,
) -> Invitation:
    row = db.execute(
        "INSERT INTO invitations (code_hash, name, uses, created_s, expires_s)"
        f" VALUES (?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
        (code_hash, name, uses, now_s, expires_s),
    ).fetchone()
    return _invitation(row)


def every(db: sqlite3.Connection) -> list[Invitation]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM invitations ORDER BY id")
    return [_invitation(row) for row in rows]


def withdraw(db: sqlite3.Connection, number: int) -> bool:
    done = db.execute("UPDATE invitations SET withdrawn = 1 WHERE id = ?", (number,))
    return done.rowcount > 0


def is_good(db: sqlite3.Connection, code_hash: bytes, now_s: int) -> bool:
    found = db.execute(f"SELECT 1 FROM invitations WHERE {_GOOD}", (code_hash, now_s))
    return found.fetchone() is not None


def redeem(db: sqlite3.Connection, code_hash: bytes, public_key: bytes, now_s: int) -> None:
    """Take one use, for a box that is new in this transaction. Raises RefusedError.

    Two boxes may come with the last use at once: the row is counted up under its own condition.
    """
    row = db.execute(
        f"UPDATE invitations SET used = used + 1 WHERE {_GOOD} RETURNING id", (code_hash, now_s)
    ).fetchone()
    if row is None:
        raise used_up()
    db.execute("INSERT INTO redemptions VALUES (?, ?, ?)", (public_key, row[0], now_s))


def used_up() -> RefusedError:
    """The refusal of whoever comes with an invitation that is no good, whatever the store."""
    return RefusedError(
        "The invitation is used up, has expired, was withdrawn, or never was",
        code="invite-invalid",
        hint="Ask the owner of the coordinator for another, then `p2claw join URL --invite …`",
    )


def _invitation(row: tuple[int, str, int, int, int, int | None, int]) -> Invitation:
    number, name, uses, used, created_s, expires_s, withdrawn = row
    return Invitation(number, name, uses, used, created_s, expires_s, bool(withdrawn))
