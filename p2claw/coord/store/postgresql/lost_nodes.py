"""Nodes that are called lost, in PostgreSQL. Each function is part of a transaction."""

from __future__ import annotations

from psycopg import AsyncConnection


async def declare(db: AsyncConnection, node: str) -> None:
    await db.execute("INSERT INTO lost_nodes VALUES (%s) ON CONFLICT DO NOTHING", (node,))
    # A node draws its name anew when it starts, so nobody asks after these.
    await db.execute("DELETE FROM lost_nodes WHERE declared_at < now() - interval '30 days'")


async def is_there(db: AsyncConnection, node: str) -> bool:
    found = await db.execute("SELECT 1 FROM lost_nodes WHERE node = %s", (node,))
    return await found.fetchone() is not None


async def forget(db: AsyncConnection, node: str) -> None:
    await db.execute("DELETE FROM lost_nodes WHERE node = %s", (node,))
