"""What tests of the coordinator share."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from p2claw.coord.store.base import Store, StoreError
from tests.coord.opened_store import KINDS, OpenedStore, opened_store
from tests.support.turn_key_service import TurnKeyService, turn_key_service


@pytest.fixture
def service() -> Iterator[TurnKeyService]:
    with turn_key_service() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=KINDS)
async def opened(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpenedStore]:
    """A store of each kind. A machine that is busy does not make it fail."""
    if request.param == "postgresql":
        monkeypatch.setattr("p2claw.coord.store.postgresql.store.DEADLINE_S", 60.0)
        monkeypatch.setattr("p2claw.coord.store.postgresql.store.CONNECT_S", 60.0)
    server = request.getfixturevalue("pg") if request.param == "postgresql" else None
    found = await opened_store(request.param, tmp_path, server)
    yield found
    with contextlib.suppress(StoreError, RuntimeError):
        await found.store.close()


@pytest.fixture
def store(opened: OpenedStore) -> Store:
    """The same, if the store is all that a test looks at."""
    return opened.store
