"""The rows of a store in SQLite. It blocks on the disk: for a command that does nothing else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from p2claw.coord.store.life import DATABASE, write_note
from p2claw.coord.store.opening import lock_data, open_database
from p2claw.coord.store.rows import Row, Table, select, upsert
from p2claw.errors import UsageError

_BOOLEANS = frozenset({"withdrawn", "relay", "joined"})


class SqliteRows:
    """`Rows` of one open database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def read(self, table: Table, after: Any, limit: int) -> list[Row]:
        values = (limit,) if after is None else (after, limit)
        found = self._connection.execute(select(table, after, "?"), values)
        return [_neutral(table, row) for row in found]

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            statement = upsert(table, table.columns, "?")
            self._connection.executemany(statement, [_stored(table, row) for row in rows])

    async def finish(self) -> None:
        """SQLite's own table of numbers has followed."""


@contextmanager
def sqlite_rows(folder: Path, *, must_exist: bool) -> Iterator[SqliteRows]:
    """The rows in a folder whose server does not run. Raises UsageError, as `opening`."""
    if must_exist and not (folder / DATABASE).exists():
        raise UsageError(f"There is no {folder / DATABASE}", code="data-lost")
    with lock_data(folder):
        connection, life = open_database(folder)
        try:
            yield SqliteRows(connection)
        finally:
            connection.close()
            write_note(folder, replace(life, closed=True))


def _neutral(table: Table, row: Row) -> Row:
    return tuple(
        tuple(json.loads(value))
        if (table.name, name) == ("boxes", "apps")
        else bool(value)
        if name in _BOOLEANS
        else value
        for name, value in zip(table.columns, row, strict=True)
    )


def _stored(table: Table, row: Row) -> Row:
    return tuple(
        json.dumps(value) if (table.name, name) == ("boxes", "apps") else value
        for name, value in zip(table.columns, row, strict=True)
    )
