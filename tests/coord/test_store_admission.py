"""The store: invitations, claims, bans and quotas, and that the database itself holds the rules."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from p2claw.coord.invitations import hash_of, new_code
from p2claw.coord.store import schema
from p2claw.coord.store.base import Quota, Store
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.errors import RefusedError
from tests.coord.opened_store import REFUSALS, OpenedStore

CODE = hash_of("k7dq-2mxa-ab3d-efgh-2345") or b""


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


async def add(store: Store, number: int, invite: bytes | None = None) -> str:
    name = f"name{number}"
    return (await store.add_box(key(number), f"key{number}", iter([name]), 1, invite)).alias


async def refusal(work: object) -> str:
    with pytest.raises(RefusedError) as refused:
        await work  # type: ignore[misc]
    return refused.value.code


def test_codes_are_read_however_they_are_typed() -> None:
    code = new_code()
    assert len(code) == 24
    assert hash_of(code) == hash_of(code.upper().replace("-", " ")) is not None
    assert [hash_of(bad) for bad in ("", "abcd", code[:-1], code + "a", "é" * 20)] == [None] * 5


async def test_an_invitation_is_used_as_often_as_it_allows(store: Store) -> None:
    await store.invite(CODE, "class", 3, 1, None)
    done = await asyncio.gather(
        *(add(store, number, CODE) for number in range(20)), return_exceptions=True
    )
    refused = [one for one in done if isinstance(one, RefusedError)]
    assert (len(refused), {one.code for one in refused}) == (17, {"invite-invalid"})
    (made,) = await store.invitations()
    assert (made.used, made.uses) == (3, 3)
    assert len(await store.boxes()) == 3, "who is refused has no record"


async def test_a_box_that_is_known_uses_none_up(store: Store) -> None:
    await store.invite(CODE, "", 1, 1, None)
    await add(store, 1, CODE)
    assert await add(store, 1, CODE) == "name1"
    assert (await store.boxes())[0].invitation == 1


@pytest.mark.parametrize("now_s, good", [(99, True), (100, False)])
async def test_an_invitation_expires(store: Store, now_s: int, good: bool) -> None:
    await store.invite(CODE, "", 1, 1, 100)
    assert await store.is_invited(CODE, now_s) is good


async def test_a_withdrawn_invitation_is_good_for_nobody(store: Store) -> None:
    made = await store.invite(CODE, "", 5, 1, None)
    assert (await store.withdraw(made.id), await store.withdraw(99)) == (True, False)
    assert await refusal(add(store, 1, CODE)) == "invite-invalid"


async def test_the_database_refuses_one_use_too_many(opened: OpenedStore) -> None:
    await opened.store.invite(CODE, "", 1, 1, None)
    await add(opened.store, 1, CODE)
    with pytest.raises(REFUSALS, match=r"(?i)check"):
        opened.slip("UPDATE invitations SET used = used + 1")


async def test_no_code_is_in_the_database(tmp_path: Path) -> None:
    store, code = await SqliteStore.open(tmp_path), new_code()
    await store.invite(hash_of(code) or b"", "", 1, 1, None)
    await store.close()
    written = b"".join(path.read_bytes() for path in tmp_path.glob("coordinator.db*"))
    assert code.encode() not in written and code.replace("-", "").encode() not in written


async def test_a_chosen_alias_comes_first_and_the_old_one_stays(store: Store) -> None:
    await add(store, 1)
    record = await store.claim(key(1), "crab", 2)
    assert (record.alias, record.others) == ("crab", ("name1",))
    for alias in ("crab", "name1", "key1"):
        assert await store.box_of_alias(alias) == record


async def test_the_same_claim_again_is_no_error_and_another_is(store: Store) -> None:
    await add(store, 1)
    await store.claim(key(1), "crab", 2)
    assert (await store.claim(key(1), "crab", 3)).alias == "crab"
    assert await refusal(store.claim(key(1), "lobster", 3)) == "alias-chosen"


@pytest.mark.parametrize("alias", ["crab", "crrab", "name"])
async def test_what_another_has_or_looks_like_it_is_taken(store: Store, alias: str) -> None:
    await store.add_box(key(1), "key1", iter(["naame"]), 1)
    await add(store, 2)
    await add(store, 3)
    await store.claim(key(2), "crab", 2)
    assert await refusal(store.claim(key(3), alias, 2)) == "alias-taken"


async def test_a_box_may_choose_what_looks_like_its_own(store: Store) -> None:
    await store.add_box(key(1), "key1", iter(["crabb"]), 1)
    assert (await store.claim(key(1), "crab", 2)).alias == "crab"


async def test_of_many_who_want_an_alias_one_has_it(store: Store) -> None:
    await asyncio.gather(*(add(store, number) for number in range(9)))
    done = await asyncio.gather(
        *(store.claim(key(number), "crab", 2) for number in range(9)), return_exceptions=True
    )
    assert sum(isinstance(one, RefusedError) for one in done) == 8


async def test_an_assigned_alias_never_looks_like_a_chosen_one(store: Store) -> None:
    await add(store, 1)
    await store.claim(key(1), "crab", 2)
    record = await store.add_box(key(2), "key2", iter(["crab", "crrab", "redfox"]), 3)
    assert record.alias == "redfox"


@pytest.mark.parametrize("statement", ["DELETE FROM claims", "UPDATE claims SET alias = 'x'"])
async def test_a_chosen_alias_is_permanent(opened: OpenedStore, statement: str) -> None:
    await add(opened.store, 1)
    await opened.store.claim(key(1), "crab", 2)
    with pytest.raises(REFUSALS):
        opened.slip(statement)


async def test_a_ban_is_of_a_key_also_of_one_that_never_came(store: Store) -> None:
    await add(store, 1)
    for number in (1, 2):
        await store.ban(key(number), "why", 5)
    assert [await store.is_banned(key(number)) for number in (1, 2, 3)] == [True, True, False]
    assert [(e.record.alias, e.ban_reason) for e in await store.boxes()] == [
        ("name1", "why"),
        ("", "why"),
    ]
    assert (await store.unban(key(1)), await store.unban(key(1))) == (True, False)
    record = await store.box_of_key(key(1))
    assert record is not None and not record.banned


async def test_a_quota_is_kept_and_forgotten(store: Store) -> None:
    await add(store, 1)
    for quota in (Quota(3, 60, relay=False), Quota(0, None), Quota()):
        await store.set_quota(key(1), quota)
        record = await store.box_of_key(key(1))
        assert record is not None and record.quota == quota


async def test_a_database_of_the_first_version_goes_on(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "coordinator.db") as old:
        old.executescript(f"{schema.SCHEMAS[0]} PRAGMA user_version = 1;")
        old.execute("INSERT INTO boxes VALUES (?, 'old', 'oldkey', 1, '[\"dog\"]', 2)", (key(1),))
    store = await SqliteStore.open(tmp_path)
    record = await store.box_of_alias("old")
    assert record is not None and record.apps == ("dog",)
    assert (await store.claim(key(1), "crab", 3)).others == ("old",)
    await store.close()
