"""Delegations in PostgreSQL: which boxes respond for the names of another.

Each function is part of a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import AsyncConnection

from p2claw.coord.store.base import Delegation
from p2claw.coord.store.postgresql.boxes import FIRST_KEY, OF_ALIAS, first_key
from p2claw.coord.store.teams import SELECT, read

# A member is in it by the key that was stated, which may be one of before.
_OF_MEMBER = f"coalesce(k.box, d.member) = {FIRST_KEY}"


async def of_founder(db: AsyncConnection, founder: bytes) -> list[Delegation]:
    rows = await db.execute(f"{SELECT} WHERE d.founder = {FIRST_KEY}", {"key": founder})
    return [read((*row[:7], row[7] or (), row[8])) for row in await rows.fetchall()]


async def is_founded(db: AsyncConnection, alias: str) -> bool:
    query = f"SELECT EXISTS (SELECT 1 FROM delegations WHERE founder = {OF_ALIAS})"
    found = await (await db.execute(query, {"alias": alias})).fetchone()
    return found is not None and bool(found[0])


async def with_member(db: AsyncConnection, member: bytes) -> list[Delegation]:
    rows = await db.execute(f"{SELECT} WHERE {_OF_MEMBER}", {"key": member})
    return [read((*row[:7], row[7] or (), row[8])) for row in await rows.fetchall()]


async def replace(db: AsyncConnection, founder: bytes, statements: Mapping[bytes, bytes]) -> None:
    founder = await first_key(db, founder)
    await db.execute(
        "DELETE FROM delegations WHERE founder = %s AND member <> ALL(%s)",
        (founder, list(statements)),
    )
    for member, data in statements.items():
        await db.execute(
            "INSERT INTO delegations (pair, founder, member, statement) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (pair) DO UPDATE SET statement = excluded.statement",
            (founder + member, founder, member, data),
        )


async def join(db: AsyncConnection, founder: bytes, member: bytes, *, joined: bool) -> bool:
    founder = await first_key(db, founder)
    pairs = [
        founder + one.member for one in await with_member(db, member) if one.founder == founder
    ]
    await db.execute("UPDATE delegations SET joined = %s WHERE pair = ANY(%s)", (joined, pairs))
    return bool(pairs)
