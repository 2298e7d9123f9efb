"""What the store in SQLite replies from memory is what is in the database, whatever was changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from p2claw.coord.store.base import BoxRecord, KeyChange, Quota, Store
from p2claw.coord.store.records import Records
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.wire.signalling.statements import STATEMENT_BYTES

KEY = bytes(32)
OTHER_KEY = bytes([1]) * 32
STATEMENT = bytes(STATEMENT_BYTES)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path)
    yield opened
    await opened.close()


CHANGES: dict[str, Callable[[Store], Awaitable[object]]] = {
    "apps": lambda store: store.save_apps(KEY, ("dog",), 2),
    "claim": lambda store: store.claim(KEY, "crab", 2),
    "ban": lambda store: store.ban(KEY, "", 2),
    "quota": lambda store: store.set_quota(KEY, Quota(apps=1)),
    "key": lambda store: store.change_key(KEY, [KeyChange(OTHER_KEY, (STATEMENT,))], 2),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_change_is_seen_at_once(
    store: SqliteStore, change: Callable[[Store], Awaitable[object]]
) -> None:
    await store.add_box(KEY, "key", iter(["purplecrab"]), 1)
    before = await store.box_of_key(KEY)
    await change(store)
    found = await store.box_of_key(KEY), await store.box_of_alias("purplecrab")
    store._forget()
    assert found == (await store.box_of_key(KEY), await store.box_of_alias("purplecrab"))
    assert found[0] == found[1] != before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_is_read_while_something_changes_is_not_remembered_as_it_was(
    store: SqliteStore, change: Callable[[Store], Awaitable[object]]
) -> None:
    await store.add_box(KEY, "key", iter(["purplecrab"]), 1)
    store._forget()
    await asyncio.gather(store.box_of_key(KEY), change(store), store.box_of_alias("key"))
    found = await store.box_of_key(KEY)
    store._forget()
    assert found == await store.box_of_key(KEY)


async def test_a_ban_that_nobody_waited_for_is_seen(store: SqliteStore) -> None:
    await store.add_box(KEY, "key", iter(["purplecrab"]), 1)
    banning = asyncio.ensure_future(store.ban(KEY, "", 2))
    await asyncio.sleep(0)
    record = await store.box_of_key(KEY)
    assert record is not None and record.banned
    await banning


async def test_a_box_that_is_alone_is_soon_in_a_team(store: SqliteStore) -> None:
    await store.add_box(KEY, "key", iter(["purplecrab"]), 1)
    assert await store.team_of(KEY) == []
    await store.set_team(KEY, {OTHER_KEY: STATEMENT})
    assert [one.member for one in await store.team_of(KEY)] == [OTHER_KEY]
    await store.add_box(OTHER_KEY, "member", iter(["redfox"]), 1)
    assert [one.member_alias for one in await store.team_of(KEY)] == ["member"]


def test_at_the_limit_the_record_that_was_written_first_is_forgotten() -> None:
    records = Records(most=2)
    for number in range(3):
        records.remember(BoxRecord(bytes([number]) * 32, f"name{number}", f"key{number}"))
    assert len(records) == 2
    assert records.of_alias("name0") is records.of_alias("key0") is None
    assert records.of_alias("key2") == records.of_key(bytes([2]) * 32) is not None


def test_a_box_with_another_key_is_no_more_found_by_the_one_before() -> None:
    records = Records()
    records.remember(BoxRecord(KEY, "purplecrab", "key"))
    changed = (KeyChange(OTHER_KEY, (STATEMENT,)),)
    records.remember(BoxRecord(OTHER_KEY, "purplecrab", "key", key_changes=changed))
    assert records.of_key(KEY) is None
    assert records.of_alias(changed[0].key_alias) == records.of_key(OTHER_KEY) is not None
