"""A ledger of each kind, open for one test: SQLite, or one that two nodes have in PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.coord.relayed.ledger import Ledger
from p2claw.coord.relayed.postgresql_ledger import PostgresqlLedger
from p2claw.coord.relayed.relay_file import FileLedger, RelayFile
from p2claw.coord.store.postgresql.store import PostgresqlStore
from tests.support.postgresql import Postgresql


@contextlib.asynccontextmanager
async def file_ledger(folder: Path) -> AsyncIterator[Ledger]:
    ledger = FileLedger(RelayFile(folder / "relayed.db"))
    yield ledger
    await ledger.close()


@contextlib.asynccontextmanager
async def ledgers_of_nodes(pg: Postgresql, folder: Path, nodes: int) -> AsyncIterator[list[Ledger]]:
    """The one ledger of several nodes, each with connections of its own."""
    url = pg.new_database()
    async with contextlib.AsyncExitStack() as stack:
        ledgers: list[Ledger] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("p2claw.coord.store.postgresql.store.DEADLINE_S", 60.0)
            patch.setattr("p2claw.coord.store.postgresql.store.CONNECT_S", 60.0)
            for number in range(nodes):
                store = await PostgresqlStore.open(url, folder / f"node{number}")
                stack.push_async_callback(store.close)
                ledgers.append(PostgresqlLedger(store))
            yield ledgers
