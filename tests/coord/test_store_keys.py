"""Changes of keys, in both stores: one key per box at any time, and all of its names stay."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.coord.store.base import KeyChange, Quota, Store
from p2claw.coord.store.key_refusals import MOST_KEY_CHANGES
from p2claw.errors import RefusedError
from p2claw.names import key_alias_of
from tests.coord.opened_store import REFUSALS, OpenedStore

FIRST, SECOND, THIRD, OTHER = (bytes([number]) * 32 for number in (1, 2, 3, 9))
BACKUP, NAMED = b"b" * 32, b"n" * 138


def by(key: bytes, *statements: bytes) -> KeyChange:
    return KeyChange(key, statements or (b"s" * 138,))


async def registered(store: Store, key: bytes = FIRST, alias: str = "purplecrab") -> None:
    await store.add_box(key, key_alias_of(key), iter([alias]), 1)


async def test_a_box_keeps_all_its_names_for_its_new_key(store: Store) -> None:
    await registered(store)
    await store.claim(FIRST, "lobster", 2)
    changed = await store.change_key(FIRST, [by(SECOND)], 3)
    assert (changed.public_key, changed.alias, changed.others) == (
        SECOND,
        "lobster",
        ("purplecrab",),
    )
    names = ("purplecrab", "lobster", key_alias_of(FIRST), key_alias_of(SECOND))
    assert [await store.box_of_alias(name) for name in names] == [changed] * 4
    assert [await store.box_of_key(key) for key in (FIRST, SECOND)] == [changed] * 2


async def test_several_changes_are_made_at_once_or_not_at_all(store: Store) -> None:
    await registered(store)
    await registered(store, OTHER, "redfox")
    with pytest.raises(RefusedError) as raised:
        await store.change_key(FIRST, [by(SECOND), by(OTHER)], 2)
    assert raised.value.code == "key-known"
    assert await store.box_of_key(SECOND) is None
    changed = await store.change_key(FIRST, [by(SECOND), by(THIRD)], 2)
    assert [change.public_key for change in changed.key_changes] == [SECOND, THIRD]


async def test_a_change_that_was_made_can_be_made_again(store: Store) -> None:
    await registered(store)
    changed = await store.change_key(FIRST, [by(SECOND)], 2)
    assert await store.change_key(FIRST, [by(SECOND)], 3) == changed


async def test_a_key_that_was_replaced_is_followed_by_no_other(store: Store) -> None:
    await registered(store)
    await store.change_key(FIRST, [by(SECOND)], 2)
    with pytest.raises(RefusedError) as raised:
        await store.change_key(FIRST, [by(THIRD)], 3)
    assert raised.value.code == "key-replaced"


async def test_of_two_changes_at_once_one_is_made(store: Store) -> None:
    await registered(store)
    keys = [bytes([number]) * 32 for number in range(20, 28)]
    made = await asyncio.gather(
        *(store.change_key(FIRST, [by(key)], 2) for key in keys), return_exceptions=True
    )
    refused = [one for one in made if isinstance(one, RefusedError)]
    assert [one.code for one in refused] == ["key-replaced"] * (len(keys) - 1)
    record = await store.box_of_key(FIRST)
    assert record is not None and len(record.key_changes) == 1


async def test_a_key_of_a_change_is_no_new_box(opened: OpenedStore) -> None:
    await registered(opened.store)
    changed = await opened.store.change_key(FIRST, [by(SECOND)], 2)
    assert await opened.store.add_box(SECOND, "x", iter(["redfox"]), 3) == changed


@pytest.mark.parametrize(
    "statement",
    [
        # Two keys at once, the present key taken back, a key in two boxes.
        "INSERT INTO key_changes SELECT box, box, 1, 'other', statements, 1 FROM key_changes",
        "DELETE FROM key_changes",
        "UPDATE key_changes SET number = 2",
        "INSERT INTO key_changes SELECT public_key, public_key, 1, 'other', public_key, 1"
        " FROM boxes WHERE alias = 'redfox'",
    ],
)
async def test_the_database_lets_no_box_have_two_keys(opened: OpenedStore, statement: str) -> None:
    await registered(opened.store)
    await registered(opened.store, OTHER, "redfox")
    changed = await opened.store.change_key(FIRST, [by(SECOND)], 2)
    with pytest.raises(REFUSALS):
        opened.slip(statement)
    assert await opened.store.box_of_alias("purplecrab") == changed


async def test_what_is_of_a_box_is_found_by_any_of_its_keys(store: Store) -> None:
    await registered(store)
    await store.change_key(FIRST, [by(SECOND)], 2)
    await store.save_apps(SECOND, ("dog",), 3)
    await store.ban(FIRST, "spam", 4)
    await store.set_quota(SECOND, Quota(3))
    record = await store.box_of_key(SECOND)
    assert record is not None
    assert (record.apps, record.banned, record.quota) == (("dog",), True, Quota(3))
    assert await store.is_banned(SECOND)
    assert await store.unban(SECOND)
    assert [entry.record.public_key for entry in await store.boxes()] == [SECOND]


async def test_the_chain_is_there_after_it_was_closed(opened: OpenedStore) -> None:
    await registered(opened.store)
    changed = await opened.store.change_key(FIRST, [by(SECOND, NAMED[:0] or b"r" * 138)], 2)
    await opened.store.close()
    opened.store = await opened.again()
    assert await opened.store.box_of_key(SECOND) == changed


async def test_a_box_changes_its_key_so_often_and_no_more(store: Store) -> None:
    await registered(store)
    keys = [number.to_bytes(32, "big") for number in range(1000, 1001 + MOST_KEY_CHANGES)]
    await store.change_key(FIRST, [by(key) for key in keys[:-1]], 2)
    with pytest.raises(RefusedError) as raised:
        await store.change_key(keys[-2], [by(keys[-1])], 3)
    assert raised.value.code == "key-changes-used-up"


async def test_a_backup_key_sets_the_next_key_once(store: Store) -> None:
    await registered(store)
    assert (await store.set_backup(FIRST, BACKUP, NAMED, 2)).backup == NAMED
    found = await store.box_of_backup(BACKUP)
    assert found is not None and found.public_key == FIRST
    changed = await store.change_key(FIRST, [by(SECOND, NAMED, b"r" * 138)], 3)
    assert changed.backup == b""
    assert await store.box_of_backup(BACKUP) is None
    with pytest.raises(RefusedError) as raised:
        await store.change_key(SECOND, [by(THIRD, NAMED, b"r" * 138)], 4)
    assert raised.value.code == "backup-unknown"


async def test_a_backup_key_that_was_replaced_or_withdrawn_sets_nothing(store: Store) -> None:
    await registered(store)
    await store.set_backup(FIRST, BACKUP, NAMED, 2)
    await store.set_backup(FIRST, b"c" * 32, b"m" * 138, 3)
    for backup in (b"m" * 138, b""):
        with pytest.raises(RefusedError) as raised:
            await store.change_key(FIRST, [by(SECOND, NAMED, b"r" * 138)], 4)
        assert raised.value.code == "backup-unknown"
        record = await store.box_of_key(FIRST)
        assert record is not None and record.backup == backup
        await store.set_backup(FIRST, None, b"", 5)


async def test_a_backup_key_is_of_one_box(store: Store) -> None:
    await registered(store)
    await registered(store, OTHER, "redfox")
    await store.set_backup(FIRST, BACKUP, NAMED, 2)
    with pytest.raises(RefusedError) as raised:
        await store.set_backup(OTHER, BACKUP, NAMED, 3)
    assert raised.value.code == "backup-known"


async def test_a_key_that_was_replaced_names_no_backup_key(store: Store) -> None:
    await registered(store)
    await store.change_key(FIRST, [by(SECOND)], 2)
    with pytest.raises(RefusedError) as raised:
        await store.set_backup(FIRST, BACKUP, NAMED, 3)
    assert raised.value.code == "key-replaced"
