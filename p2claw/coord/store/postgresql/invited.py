"""Invitations in PostgreSQL: made, used, withdrawn. Each function is part of a transaction."""

from __future__ import annotations

from psycopg import AsyncConnection

from p2claw.coord.store.base import Invitation
from p2claw.coord.store.invited import used_up

_COLUMNS = "id, name, uses, used, created_s, expires_s, withdrawn"
_GOOD = "code_hash = %s AND used < uses AND NOT withdrawn AND (expires_s IS NULL OR expires_s > %s)"


async def make(
    db: AsyncConnection,
    code_hash: bytes,
    name: str,
    uses: int,
    now_s: int,
    expires_s: int | None,
) -> Invitation:
    made = await db.execute(
        "INSERT INTO invitations (code_hash, name, uses, created_s, expires_s)"
        f" VALUES (%s, %s, %s, %s, %s) RETURNING {_COLUMNS}",
        (code_hash, name, uses, now_s, expires_s),
    )
    row = await made.fetchone()
    assert row is not None, "what is inserted is returned"
    return Invitation(*row)


async def every(db: AsyncConnection) -> list[Invitation]:
    rows = await db.execute(f"SELECT {_COLUMNS} FROM invitations ORDER BY id")
    return [Invitation(*row) for row in await rows.fetchall()]


async def withdraw(db: AsyncConnection, number: int) -> bool:
    done = await db.execute("UPDATE invitations SET withdrawn = true WHERE id = %s", (number,))
    return done.rowcount > 0


async def is_good(db: AsyncConnection, code_hash: bytes, now_s: int) -> bool:
    found = await db.execute(f"SELECT 1 FROM invitations WHERE {_GOOD}", (code_hash, now_s))
    return await found.fetchone() is not None


async def redeem(db: AsyncConnection, code_hash: bytes, public_key: bytes, now_s: int) -> None:
    """Use it once, for a box that is new in this transaction. Raises RefusedError.

    The row is locked by who counts it up first; the others read it again after that commit.
    """
    done = await db.execute(
        f"UPDATE invitations SET used = used + 1 WHERE {_GOOD} RETURNING id", (code_hash, now_s)
    )
    row = await done.fetchone()
    if row is None:
        raise used_up()
    await db.execute("INSERT INTO redemptions VALUES (%s, %s, %s)", (public_key, row[0], now_s))
