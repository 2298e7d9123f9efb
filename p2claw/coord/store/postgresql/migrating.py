"""Brings a database in PostgreSQL to the schema of this program, and sees that its rules hold.

Why no migration tool: Alembic brings SQLAlchemy, and yoyo-migrations ledgers, backends and undo
scripts. What is needed is a number, a lock and a list of SQL texts, as SQLite has it here, too.
"""

from __future__ import annotations

from psycopg import AsyncConnection

from p2claw.coord.store.postgresql.schema import RULES, SCHEMA_VERSION, SCHEMAS
from p2claw.errors import UsageError

# Of the advisory lock: nodes that start together migrate one after the other.
_LOCK = 0x7032_636C_6177  # "p2claw"

_FOUND_RULES = """
SELECT conname FROM pg_constraint
    WHERE convalidated AND connamespace = current_schema()::regnamespace
UNION SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE t.tgenabled <> 'D' AND c.relnamespace = current_schema()::regnamespace
"""


async def upgrade(connection: AsyncConnection) -> None:
    """Add what is missing, all of it or nothing; only ever forward.

    Nodes of the version before may run meanwhile, so a step adds and takes nothing away.
    Raises UsageError `data-newer`, `data-damaged`, `data-unusable`; psycopg.Error.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        replica = await _value(connection, "SELECT pg_is_in_recovery()")
        if replica:
            raise UsageError(
                "The database of --store is a replica that cannot be written",
                code="data-unusable",
                hint="Name the primary, or all servers and ?target_session_attrs=read-write",
            )
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_steps ("
            "version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        version = await _value(connection, "SELECT coalesce(max(version), 0) FROM schema_steps")
        if version > SCHEMA_VERSION:
            raise UsageError(
                f"The data was written by a newer p2claw: schema {version}, known {SCHEMA_VERSION}",
                code="data-newer",
                hint="Start that version, or name another --store",
            )
        for number in range(version, SCHEMA_VERSION):
            await connection.execute(SCHEMAS[number].encode())
            await connection.execute("INSERT INTO schema_steps VALUES (%s)", (number + 1,))
        await _check_rules(connection)


async def _check_rules(connection: AsyncConnection) -> None:
    cursor = await connection.execute(_FOUND_RULES)
    missing = RULES - {name for (name,) in await cursor.fetchall()}
    if missing:
        raise UsageError(
            f"The database lacks {', '.join(sorted(missing))}: an alias could be given twice",
            code="data-damaged",
            hint="Put back a backup with its constraints and triggers (pg_dump without "
            "--data-only, pg_restore without --disable-triggers)",
        )


async def _value(connection: AsyncConnection, query: str) -> int:
    cursor = await connection.execute(query.encode())
    row = await cursor.fetchone()
    assert row is not None, "this query has a row"
    return int(row[0])
