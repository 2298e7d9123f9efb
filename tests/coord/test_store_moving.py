"""p2claw.coord.store.moving: every row arrives, also after an interruption, and back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest

from p2claw.config import StoreAddress
from p2claw.coord.store import moving
from p2claw.coord.store.base import KeyChange, Quota, Store
from p2claw.coord.store.choosing import open_store
from p2claw.coord.store.moving import Moved, move
from p2claw.coord.store.postgresql.rows import postgresql_rows
from p2claw.coord.store.sqlite_rows import sqlite_rows
from p2claw.errors import P2clawError, UsageError
from tests.support.postgresql import Postgresql

CODE = b"c" * 32
BOXES = 25


def key(number: int) -> bytes:
    return bytes([255 - number]) + bytes(31)


async def filled(store: Store) -> None:
    """Some of everything, also what is empty, and letters of other scripts."""
    await store.invite(CODE, "für „die Klasse“", 9, 1, 100)
    await store.withdraw((await store.invite(b"d" * 32, "", 1, 2, None)).id)
    for number in range(BOXES):
        invite = CODE if number < 3 else None
        await store.add_box(key(number), f"key{number}", iter([f"name{number}"]), number, invite)
    await store.save_apps(key(1), ("dog", "a-cat"), 7)
    await store.claim(key(2), "lobster", 3)
    await store.ban(key(3), "spam; it’s bad", 4)
    await store.ban(bytes(32), "never came", 5)
    await store.set_quota(key(4), Quota(3, None, relay=False))
    await store.set_team(key(5), {key(6): bytes(138), key(BOXES): b"\1" * 138})
    await store.join_team(key(5), key(6), joined=True)
    # Their order by key is not that of their numbers.
    changes = [KeyChange(bytes([number]) * 32, (b"s" * 138,)) for number in (9, 8, 7)]
    await store.change_key(key(5), changes, 8)
    await store.set_backup(key(6), b"b" * 32, b"n" * 138, 9)
    await store.close()


async def _forth(folder: Path, url: str, stop_at: str = "") -> list[Moved]:
    def progress(table: str, done: int) -> None:
        if table == stop_at:
            raise KeyboardInterrupt

    async with postgresql_rows(url) as target:
        with sqlite_rows(folder, must_exist=True) as source:
            return await move(source, target, progress)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "PIECE", 10)


async def test_all_that_a_store_holds_is_the_same_there_and_back_again(
    pg: Postgresql, tmp_path: Path, small: None
) -> None:
    await filled(await open_store(StoreAddress(), tmp_path / "first"))
    url = pg.emptied_database()
    forth = await _forth(tmp_path / "first", url)
    assert {one.table: one.rows for one in forth} == {
        "boxes": BOXES,
        "invitations": 2,
        "redemptions": 3,
        "claims": 1,
        "bans": 2,
        "quotas": 1,
        "delegations": 2,
        "key_changes": 3,
        "backups": 1,
    }
    async with postgresql_rows(url) as source:
        with sqlite_rows(tmp_path / "back", must_exist=False) as target:
            back = await move(source, target, lambda table, done: None)
    assert [one.digest for one in back] == [one.digest for one in forth]
    seen = []
    for address, folder in (
        (StoreAddress(), "first"),
        (StoreAddress(), "back"),
        (StoreAddress.parse(url), "node"),
    ):
        store = await open_store(address, tmp_path / folder)
        seen.append((await store.boxes(), await store.invitations()))
        assert (await store.invite(b"e" * 32, "", 1, 9, None)).id == 3
        await store.close()
    assert seen[0] == seen[1] == seen[2]


async def test_a_move_that_was_interrupted_goes_on_where_it_was(
    pg: Postgresql, tmp_path: Path, small: None
) -> None:
    await filled(await open_store(StoreAddress(), tmp_path))
    url = pg.emptied_database()
    with pytest.raises(KeyboardInterrupt):
        await _forth(tmp_path, url, stop_at="boxes")  # after the first piece
    moved = {one.table: one for one in await _forth(tmp_path, url)}
    assert (moved["boxes"].rows, moved["boxes"].written) == (BOXES, BOXES - moving.PIECE)
    assert {one.written for one in await _forth(tmp_path, url)} == {0}


async def test_what_changed_in_the_source_meanwhile_is_brought_up_to_date(
    pg: Postgresql, tmp_path: Path
) -> None:
    await filled(await open_store(StoreAddress(), tmp_path))
    url = pg.emptied_database()
    await _forth(tmp_path, url)
    store = await open_store(StoreAddress(), tmp_path)
    await store.save_apps(key(1), ("cow",), 8)
    await store.close()
    assert sum(one.written for one in await _forth(tmp_path, url)) == 1


async def test_a_target_with_boxes_of_its_own_is_refused(pg: Postgresql, tmp_path: Path) -> None:
    await filled(await open_store(StoreAddress(), tmp_path / "first"))
    url = pg.emptied_database()
    other = await open_store(StoreAddress.parse(url), tmp_path / "node")
    await other.add_box(bytes([9]) * 32, "another", iter(["redfox"]), 1)
    await other.close()
    with pytest.raises(P2clawError) as refused:
        await _forth(tmp_path / "first", url)
    assert refused.value.code == "move-stranger"


async def test_a_row_that_differs_and_may_not_change_is_an_error(
    pg: Postgresql, tmp_path: Path
) -> None:
    await filled(await open_store(StoreAddress(), tmp_path))
    url = pg.emptied_database()
    await _forth(tmp_path, url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE redemptions SET redeemed_s = 99")
    with pytest.raises(P2clawError) as refused:
        await _forth(tmp_path, url)
    assert refused.value.code == "move-differs"


async def test_nothing_is_moved_while_a_server_runs(pg: Postgresql, tmp_path: Path) -> None:
    url = pg.emptied_database()
    running = await open_store(StoreAddress.parse(url), tmp_path / "node")
    with pytest.raises(UsageError) as refused:
        async with postgresql_rows(url):
            pass
    await running.close()
    assert refused.value.code == "data-in-use"


async def test_a_source_that_is_not_there_is_an_error_and_not_an_empty_store(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError) as refused, sqlite_rows(tmp_path, must_exist=True):
        pass
    assert refused.value.code == "data-lost"
    assert not list(tmp_path.glob("*.db"))


def test_sqlite_orders_keys_as_postgresql_does(pg: Postgresql) -> None:
    texts = ["b", "a1", "a", "aa", "z9", "1"]
    with psycopg.connect(pg.url("postgres")) as connection:
        query = 'SELECT t FROM unnest(%s::text[]) AS u(t) ORDER BY t COLLATE "C"'
        ordered = [row[0] for row in connection.execute(query, (texts,))]
    with sqlite3.connect(":memory:") as other:
        other.execute("CREATE TABLE x (t TEXT)")
        other.executemany("INSERT INTO x VALUES (?)", [(text,) for text in texts])
        assert [row[0] for row in other.execute("SELECT t FROM x ORDER BY t")] == ordered
