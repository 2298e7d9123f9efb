"""A store of either kind, with a way past the program into its database."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from p2claw.config import StoreAddress
from p2claw.coord.store.base import Store
from p2claw.coord.store.choosing import open_store
from tests.support.postgresql import Postgresql

KINDS = ("sqlite", "postgresql")
REFUSALS = (sqlite3.Error, psycopg.Error)
"""What a database raises that does not let something be written."""


@dataclass
class OpenedStore:
    """store: is the caller's to close. again: opens what it holds once more, after that."""

    store: Store
    again: Callable[[], Awaitable[Store]]
    slip: Callable[[str], None]
    """Execute a statement as the program never would. Raises of REFUSALS."""


async def opened_store(kind: str, folder: Path, server: Postgresql | None) -> OpenedStore:
    """A new store in this folder, or in an empty database of this server."""
    if kind == "sqlite":
        address = StoreAddress()

        def slip(statement: str) -> None:
            with sqlite3.connect(folder / "coordinator.db") as other:
                other.execute(statement)

    else:
        assert server is not None
        url = server.emptied_database()
        address = StoreAddress.parse(url)

        def slip(statement: str) -> None:
            with psycopg.connect(url) as other:
                other.execute(statement.encode())

    async def again() -> Store:
        return await open_store(address, folder)

    return OpenedStore(await again(), again, slip)
