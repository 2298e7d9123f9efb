"""The ledger of several nodes, in the PostgreSQL of their store.

All nodes hear of the same allocations and write what they know. A lock of the database makes their
transactions one after the other: each adds what is more than was known, and the rest adds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from p2claw.coord.relayed.ledger import (
    ALLOCATION_S,
    DAYS,
    MONTHS,
    Allocation,
    Budget,
    LedgerError,
    Now,
    Place,
    Usage,
)
from p2claw.coord.store.base import StoreError
from p2claw.coord.store.postgresql.store import PostgresqlStore

T = TypeVar("T")

# Of this ledger among the advisory locks of the database; the bytes of "p2cl".
_LOCK = 0x7032636C


class PostgresqlLedger:
    """`Ledger` in the database of `store`, which stays the caller's to close."""

    def __init__(self, store: PostgresqlStore) -> None:
        self._store = store

    async def place(self, source: str) -> Place | None:
        async def read(db: Any) -> Place | None:
            found = await db.execute(
                "SELECT inode, position FROM relay_logs WHERE source = %s", (source,)
            )
            row = await found.fetchone()
            return None if row is None else Place(*row)

        return await self._do(read)

    async def add(self, now: Now, moved: Mapping[str, int], source: str, place: Place) -> None:
        async def write(db: Any) -> None:
            await db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            found = await db.execute(
                "SELECT inode, position FROM relay_logs WHERE source = %s", (source,)
            )
            if await found.fetchone() == (place.inode, place.offset):
                return  # the transaction is begun again, and was committed
            await _count(db, now, moved)
            await db.execute(
                "INSERT INTO relay_logs VALUES (%s, %s, %s) ON CONFLICT (source)"
                " DO UPDATE SET inode = excluded.inode, position = excluded.position",
                (source, place.inode, place.offset),
            )

        await self._do(write)

    async def raise_to(self, now: Now, allocations: Mapping[str, Allocation]) -> None:
        names = list(allocations)

        async def write(db: Any) -> None:
            await db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            found = await db.execute(
                "SELECT name, total FROM relay_allocations WHERE name = ANY(%s)", (names,)
            )
            before = dict(await found.fetchall())
            moved: Counter[str] = Counter()
            for name, one in allocations.items():
                moved[one.box] += max(0, one.total - before.get(name, 0))
            await db.execute(
                "INSERT INTO relay_allocations"
                " SELECT name, box, total, %s FROM unnest(%s::text[], %s::text[], %s::bigint[])"
                " AS given(name, box, total) ON CONFLICT (name) DO UPDATE SET"
                " total = GREATEST(relay_allocations.total, excluded.total),"
                " seen_s = excluded.seen_s",
                (
                    now.s,
                    names,
                    [one.box for one in allocations.values()],
                    [one.total for one in allocations.values()],
                ),
            )
            await _count(db, now, moved)
            await db.execute(
                "DELETE FROM relay_allocations WHERE seen_s < %s", (now.s - ALLOCATION_S,)
            )

        await self._do(write)

    async def known(self) -> dict[str, Allocation]:
        async def read(db: Any) -> dict[str, Allocation]:
            found = await db.execute("SELECT name, box, total FROM relay_allocations")
            return {name: Allocation(box, total) for name, box, total in await found.fetchall()}

        return await self._do(read)

    async def usage(self, now: Now) -> dict[str, Usage]:
        async def read(db: Any) -> dict[str, Usage]:
            found = await db.execute(
                "SELECT box, COALESCE(SUM(bytes) FILTER (WHERE period = %s), 0)::bigint,"
                " COALESCE(SUM(bytes) FILTER (WHERE period = %s), 0)::bigint"
                " FROM relayed WHERE period IN (%s, %s) GROUP BY box",
                (now.month, now.day, now.month, now.day),
            )
            return {box: Usage(month, day) for box, month, day in await found.fetchall()}

        return await self._do(read)

    async def budgets(self) -> dict[str, Budget]:
        async def read(db: Any) -> dict[str, Budget]:
            found = await db.execute("SELECT box, month_bytes, day_bytes FROM relay_budgets")
            return {box: Budget(month, day) for box, month, day in await found.fetchall()}

        return await self._do(read)

    async def set_budget(self, box: str, budget: Budget) -> None:
        async def write(db: Any) -> None:
            await db.execute("DELETE FROM relay_budgets WHERE box = %s", (box,))
            if budget != Budget():
                await db.execute(
                    "INSERT INTO relay_budgets VALUES (%s, %s, %s)"
                    " ON CONFLICT (box) DO UPDATE SET month_bytes = excluded.month_bytes,"
                    " day_bytes = excluded.day_bytes",
                    (box, budget.month_bytes, budget.day_bytes),
                )

        await self._do(write)

    async def close(self) -> None:
        """Nothing: the store is the caller's."""

    async def _do(self, work: Callable[[Any], Awaitable[T]]) -> T:
        try:
            return await self._store.run(work)
        except StoreError as error:
            raise LedgerError(error.message) from None


async def _count(db: Any, now: Now, moved: Mapping[str, int]) -> None:
    rows = [(box, count) for box, count in moved.items() if count]
    for period, most in ((now.month, MONTHS), (now.day, DAYS)):
        for box, count in rows:
            await db.execute(
                "INSERT INTO relayed VALUES (%s, %s, %s) ON CONFLICT (period, box)"
                " DO UPDATE SET bytes = relayed.bytes + excluded.bytes",
                (period, box, count),
            )
        await db.execute(
            "DELETE FROM relayed WHERE length(period) = %s AND period NOT IN (SELECT DISTINCT"
            " period FROM relayed WHERE length(period) = %s ORDER BY period DESC LIMIT %s)",
            (len(period), len(period), most),
        )
