"""Opens the store that `--store` names; without it, SQLite in the server's folder.

What PostgreSQL needs is imported only where it is named: nothing of it is needed to start.
"""

from __future__ import annotations

from pathlib import Path

from p2claw.config import StoreAddress
from p2claw.coord.store.base import Store
from p2claw.coord.store.remembering import RememberingStore
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.errors import UsageError
from p2claw.extras import install_command


async def open_store(address: StoreAddress, folder: Path) -> Store:
    """The store, opened; the caller closes it. folder: of this server.

    Raises UsageError `extra-missing`, and those of the stores.
    """
    if address.postgresql:
        return RememberingStore(await open_postgresql(address.postgresql, folder))
    return await SqliteStore.open(folder)


async def open_postgresql(url: str, folder: Path) -> Store:
    """The store in PostgreSQL by itself. Raises UsageError `extra-missing`, and as the store."""
    try:
        from p2claw.coord.store.postgresql.store import PostgresqlStore
    except ImportError as error:
        raise extra_missing(error) from None
    return await PostgresqlStore.open(url, folder)


def extra_missing(error: ImportError) -> UsageError:
    """What is missing, and how it is had."""
    return UsageError(
        f"postgresql:// needs psycopg, which cannot be loaded: {error}",
        code="extra-missing",
        hint=f"Install it: {install_command('cluster')}",
    )
