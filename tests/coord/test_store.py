"""p2claw.coord.store.sqlite: what is acknowledged is kept, an alias for ever."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.coord.store.base import BoxRecord, StoreError
from p2claw.coord.store.schema import SCHEMA_VERSION
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.errors import UsageError

KEY = bytes(32)
OTHER_KEY = bytes([1]) * 32


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path)
    yield opened
    await opened.close()


async def _refusal(folder: Path) -> UsageError:
    with pytest.raises(UsageError) as refusal:
        await SqliteStore.open(folder)
    return refusal.value


async def test_a_key_that_never_registered_has_no_record(store: SqliteStore) -> None:
    assert await store.box_of_key(KEY) is None


async def test_a_new_key_gets_the_first_candidate(store: SqliteStore) -> None:
    record = await store.add_box(KEY, "key-alias", iter(["purplecrab", "redfox"]), 1)
    assert record == BoxRecord(KEY, "purplecrab", "key-alias")


async def test_a_new_key_gets_no_alias_that_another_has(store: SqliteStore) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    record = await store.add_box(OTHER_KEY, "two", iter(["purplecrab", "redfox"]), 1)
    assert record.alias == "redfox"


async def test_a_new_key_gets_no_key_alias_of_another(store: SqliteStore) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    record = await store.add_box(OTHER_KEY, "two", iter(["one", "redfox"]), 1)
    assert record.alias == "redfox"


async def test_a_known_key_keeps_its_alias(store: SqliteStore) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    assert (await store.add_box(KEY, "one", iter(["redfox"]), 2)).alias == "purplecrab"


async def test_many_keys_at_once_get_an_alias_each(store: SqliteStore) -> None:
    keys = [bytes([number]) * 32 for number in range(50)]
    names = [f"name{number}" for number in range(50)]
    records = await asyncio.gather(*(store.add_box(k, k.hex(), iter(names), 1) for k in keys))
    assert {record.alias for record in records} == set(names)


async def test_without_a_free_candidate_it_reports_so(store: SqliteStore) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    with pytest.raises(StoreError, match="No alias is free"):
        await store.add_box(OTHER_KEY, "two", iter(["purplecrab"]), 1)


async def test_a_box_is_found_by_its_alias(store: SqliteStore) -> None:
    record = await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    assert await store.box_of_alias("purplecrab") == record


async def test_a_box_is_found_by_its_key_alias(store: SqliteStore) -> None:
    record = await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    assert await store.box_of_alias("one") == record


async def test_the_apps_that_were_saved_last_are_kept(store: SqliteStore) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    await store.save_apps(KEY, ("dog",), 2)
    await store.save_apps(KEY, ("cat", "cow"), 3)
    record = await store.box_of_key(KEY)
    assert record is not None and record.apps == ("cat", "cow")


async def test_everything_is_there_after_it_was_closed(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path)
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    await store.save_apps(KEY, ("dog",), 2)
    await store.close()
    store = await SqliteStore.open(tmp_path)
    assert await store.box_of_key(KEY) == BoxRecord(KEY, "purplecrab", "one", ("dog",))
    await store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM boxes",
        "UPDATE boxes SET alias = 'redfox'",
        "UPDATE boxes SET public_key = x'00'",
    ],
)
async def test_not_even_a_slip_of_ours_gives_an_alias_away(
    tmp_path: Path, store: SqliteStore, statement: str
) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    with sqlite3.connect(tmp_path / "coordinator.db") as other, pytest.raises(sqlite3.Error):
        other.execute(statement)


async def test_a_commit_is_on_the_disk_when_it_is_acknowledged(store: SqliteStore) -> None:
    settings = await store._run(
        lambda: [
            store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    )
    assert settings == ["wal", 2]  # 2 is FULL


async def test_a_store_in_good_order_passes_its_check(store: SqliteStore) -> None:
    await store.check()


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
