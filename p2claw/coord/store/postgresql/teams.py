"""Delegations in PostgreSQL: which boxes respond for the names of another.

Each function is part of a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import AsyncConnection

from p2claw.coord.store.base import Delegation
from p2claw.coord.store.teams import SELECT, read


async def of_founder(db: AsyncConnection, founder: bytes) -> list[Delegation]:
    rows = await db.execute(f"{SELECT} WHERE d.founder = %s".encode(), (founder,))
    return [read((*row[:7], row[7] or (), row[8])) for row in await rows.fetchall()]


async def with_member(db: AsyncConnection, member: bytes) -> list[Delegation]:
    rows = await db.execute(f"{SELECT} WHERE d.member = %s".encode(), (member,))
    return [read((*row[:7], row[7] or (), row[8])) for row in await rows.fetchall()]


async def replace(db: AsyncConnection, founder: bytes, statements: Mapping[bytes, bytes]) -> None:
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
    done = await db.execute(
        "UPDATE delegations SET joined = %s WHERE pair = %s", (joined, founder + member)
    )
    return done.rowcount > 0
