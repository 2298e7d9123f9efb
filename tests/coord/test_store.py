"""p2claw.coord.store.sqlite: its file, beside what every store does (`test_store_contract`)."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.coord.store.base import StoreError
from p2claw.coord.store.schema import SCHEMA_VERSION
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.errors import UsageError


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path)
    yield opened
    await opened.close()


async def _refusal(folder: Path) -> UsageError:
    with pytest.raises(UsageError) as refusal:
        await SqliteStore.open(folder)
    return refusal.value


async def test_a_commit_is_on_the_disk_when_it_is_acknowledged(store: SqliteStore) -> None:
    settings = await store._run(
        lambda: [
            store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    )
    assert settings == ["wal", 2]  # 2 is FULL


async def test_a_store_that_was_closed_fails_its_check(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    await store.close()
    with pytest.raises(StoreError):
        await store.check()


async def test_a_store_that_another_writes_to_without_end_fails_within_its_deadline(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.coord.store.sqlite.DEADLINE_S", 0.2)
    other = sqlite3.connect(tmp_path / "coordinator.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as failure:
        await store.check()
    other.close()
    assert failure.value.code == "store-unavailable"


async def test_a_second_server_on_the_same_data_is_refused(
    tmp_path: Path, store: SqliteStore
) -> None:
    assert (await _refusal(tmp_path)).code == "data-in-use"


async def test_data_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "coordinator.db") as other:
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert (await _refusal(tmp_path)).code == "data-newer"


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "coordinator.db").write_bytes(b"not a database at all\n" * 100)
    assert (await _refusal(tmp_path)).code == "data-unusable"


async def test_a_damaged_file_is_left_as_it_is(tmp_path: Path) -> None:
    damaged = b"not a database at all\n" * 100
    (tmp_path / "coordinator.db").write_bytes(damaged)
    await _refusal(tmp_path)
    assert (tmp_path / "coordinator.db").read_bytes() == damaged


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert (await _refusal(tmp_path / "file" / "data")).code == "data-unusable"


async def test_a_refused_start_leaves_the_data_free_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "coordinator.db").write_bytes(b"not a database at all\n" * 100)
    codes = [(await _refusal(tmp_path)).code for _ in itertools.repeat(None, 2)]
    assert codes == ["data-unusable"] * 2
