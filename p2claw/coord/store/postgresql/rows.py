"""The rows of a store in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection

from p2claw.coord.chosen_alias import skeleton
from p2claw.coord.store.postgresql.migrating import upgrade
from p2claw.coord.store.rows import Row, Table, select, upsert
from p2claw.errors import UsageError

# Nodes, which name themselves so, that use the same database.
_NODES = """
SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'p2claw' AND datname = current_database()
"""
_GO_ON = """
SELECT setval(pg_get_serial_sequence('invitations', 'id'), max(id)) FROM invitations
    HAVING max(id) IS NOT NULL
"""


class PostgresqlRows:
    """`Rows` of one database."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def read(self, table: Table, after: Any, limit: int) -> list[Row]:
        values = (limit,) if after is None else (after, limit)
        found = await self._connection.execute(select(table, after, "%s").encode(), values)
        return [tuple(map(_neutral, row)) for row in await found.fetchall()]

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        columns, written = table.columns, [tuple(map(_stored, row)) for row in rows]
        if table.name == "boxes":  # SQLite has this by a function of its own
            columns = (*columns, "skeleton")
            written = [(*row, skeleton(row[1])) for row in written]
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            await cursor.executemany(upsert(table, columns, "%s").encode(), written)

    async def finish(self) -> None:
        await self._connection.execute(_GO_ON.encode())


@asynccontextmanager
async def postgresql_rows(url: str) -> AsyncIterator[PostgresqlRows]:
    """The rows of a database that no node uses.

    Raises UsageError `store-unavailable`, `data-in-use`, and those of `migrating`.
    """
    try:
        connection = await AsyncConnection.connect(
            url, autocommit=True, prepare_threshold=None, application_name="p2claw-migrate"
        )
    except psycopg.Error as error:
        raise UsageError(
            f"The database cannot be used: {' '.join(str(error).split())}",
            code="store-unavailable",
            hint="Look whether it runs, and whether user and database of the URL are there",
        ) from None
    async with connection:
        await connection.execute("SET synchronous_commit = on")
        row = await (await connection.execute(_NODES.encode())).fetchone()
        if row is not None and row[0]:
            raise UsageError(
                f"Nodes use this database, by {row[0]} connections",
                code="data-in-use",
                hint="Stop them all: what they write meanwhile would not be moved",
            )
        await upgrade(connection)
        yield PostgresqlRows(connection)


def _neutral(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
