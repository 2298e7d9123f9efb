"""What every store does: what is acknowledged is kept, an alias for ever."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.coord.store.base import BoxRecord, Store, StoreError
from tests.coord.opened_store import REFUSALS, OpenedStore

KEY = bytes(32)
OTHER_KEY = bytes([1]) * 32


async def test_a_key_that_never_registered_has_no_record(store: Store) -> None:
    assert await store.box_of_key(KEY) is None


async def test_a_new_key_gets_the_first_candidate(store: Store) -> None:
    record = await store.add_box(KEY, "key-alias", iter(["purplecrab", "redfox"]), 1)
    assert record == BoxRecord(KEY, "purplecrab", "key-alias")


async def test_a_new_key_gets_no_alias_that_another_has(store: Store) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    record = await store.add_box(OTHER_KEY, "two", iter(["purplecrab", "redfox"]), 1)
    assert record.alias == "redfox"


async def test_a_new_key_gets_no_key_alias_of_another(store: Store) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    record = await store.add_box(OTHER_KEY, "two", iter(["one", "redfox"]), 1)
    assert record.alias == "redfox"


async def test_a_known_key_keeps_its_alias(store: Store) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    assert (await store.add_box(KEY, "one", iter(["redfox"]), 2)).alias == "purplecrab"


async def test_many_keys_at_once_get_an_alias_each(store: Store) -> None:
    keys = [bytes([number]) * 32 for number in range(50)]
    names = [f"name{number}" for number in range(50)]
    records = await asyncio.gather(*(store.add_box(k, k.hex(), iter(names), 1) for k in keys))
    assert {record.alias for record in records} == set(names)


async def test_without_a_free_candidate_it_reports_so(store: Store) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    with pytest.raises(StoreError, match="No alias is free"):
        await store.add_box(OTHER_KEY, "two", iter(["purplecrab"]), 1)


async def test_a_box_is_found_by_its_alias(store: Store) -> None:
    record = await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    assert await store.box_of_alias("purplecrab") == record


async def test_a_box_is_found_by_its_key_alias(store: Store) -> None:
    record = await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    assert await store.box_of_alias("one") == record


async def test_the_apps_that_were_saved_last_are_kept(store: Store) -> None:
    await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    await store.save_apps(KEY, ("dog",), 2)
    await store.save_apps(KEY, ("cat", "cow"), 3)
    record = await store.box_of_key(KEY)
    assert record is not None and record.apps == ("cat", "cow")


async def test_when_the_apps_were_saved_is_known(store: Store) -> None:
    added = await store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    await store.save_apps(KEY, ("dog",), 7)
    record = await store.box_of_key(KEY)
    assert record is not None and (added.announced_s, record.announced_s) == (0, 7)


async def test_everything_is_there_after_it_was_closed(opened: OpenedStore) -> None:
    await opened.store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    await opened.store.save_apps(KEY, ("dog",), 2)
    await opened.store.close()
    opened.store = await opened.again()
    assert await opened.store.box_of_key(KEY) == BoxRecord(
        KEY, "purplecrab", "one", ("dog",), announced_s=2
    )


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM boxes",
        "UPDATE boxes SET alias = 'redfox'",
        "UPDATE boxes SET public_key = public_key",
    ],
)
async def test_not_even_a_slip_of_ours_gives_an_alias_away(
    opened: OpenedStore, statement: str
) -> None:
    await opened.store.add_box(KEY, "one", iter(["purplecrab"]), 1)
    with pytest.raises(REFUSALS):
        opened.slip(statement)


async def test_the_database_gives_no_box_a_name_that_another_has(opened: OpenedStore) -> None:
    await opened.store.add_box(KEY, "keyone", iter(["purplecrab"]), 1)
    await opened.store.add_box(OTHER_KEY, "keytwo", iter(["redfox"]), 1)
    await opened.store.claim(KEY, "lobster", 2)
    for name in ("purplecrab", "keyone", "lobster"):
        assert await opened.store.box_of_alias(name) == await opened.store.box_of_key(KEY)
        with pytest.raises(REFUSALS):
            opened.slip(
                "INSERT INTO claims (alias, skeleton, public_key, claimed_s)"
                f" SELECT '{name}', 'unlike', public_key, 1 FROM boxes WHERE alias = 'redfox'"
            )


async def test_a_store_in_good_order_passes_its_check(store: Store) -> None:
    await store.check()
