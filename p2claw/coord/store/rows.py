"""The rows of a store, in one form whichever database has them: what is moved and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of both schemas. columns: the key first. changing: those that may change in a row."""

    name: str
    columns: tuple[str, ...]
    changing: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.columns[0]


# In this order, so that what a row refers to is there before it.
TABLES = (
    Table(
        "boxes",
        ("public_key", "alias", "key_alias", "registered_s", "apps", "announced_s"),
        ("apps", "announced_s"),
    ),
    Table(
        "invitations",
        ("id", "code_hash", "name", "uses", "used", "created_s", "expires_s", "withdrawn"),
        ("used", "withdrawn"),
    ),
    Table("redemptions", ("public_key", "invitation", "redeemed_s")),
    Table("claims", ("alias", "skeleton", "public_key", "claimed_s")),
    Table("bans", ("public_key", "reason", "banned_s"), ("reason", "banned_s")),
    Table(
        "quotas",
        ("public_key", "apps", "visits_per_minute", "relay"),
        ("apps", "visits_per_minute", "relay"),
    ),
    Table(
        "delegations",
        ("pair", "founder", "member", "statement", "joined"),
        ("statement", "joined"),
    ),
    Table(
        "key_changes",
        ("public_key", "box", "number", "key_alias", "statements", "changed_s"),
    ),
    Table(
        "backups",
        ("box", "backup_key", "statement", "made_s"),
        ("backup_key", "statement", "made_s"),
    ),
)


class Rows(Protocol):
    """One store, to be read and written row by row. Whatever it raises ends the move."""

    async def read(self, table: Table, after: Any, limit: int) -> list[Row]:
        """The next rows in the order of their keys. after: a key, or None: from the first on."""
        ...

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add these rows, or bring them up to date, in one transaction; then it is on the disk."""
        ...

    async def finish(self) -> None:
        """Everything has been written: numbers that are drawn go on after those that are there."""
        ...


def upsert(table: Table, columns: Sequence[str], mark: str) -> str:
    """The SQL that writes one row, for both databases. mark: of a parameter."""
    change = ", ".join(f"{name} = excluded.{name}" for name in table.changing)
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)})"
        f" VALUES ({', '.join([mark] * len(columns))}) ON CONFLICT ({table.key})"
        + (f" DO UPDATE SET {change}" if change else " DO NOTHING")
    )


def select(table: Table, after: Any, mark: str) -> str:
    """The SQL that reads the next rows. Its parameters: after, unless that is None; and a limit."""
    where = "" if after is None else f" WHERE {table.key} > {mark}"
    return (
        f"SELECT {', '.join(table.columns)} FROM {table.name}{where}"
        f" ORDER BY {table.key} LIMIT {mark}"
    )
