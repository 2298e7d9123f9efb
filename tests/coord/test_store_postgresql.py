"""p2claw.coord.store.postgresql: several nodes at once, and which database is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from p2claw.coord.store.life import CLUSTER_NOTE
from p2claw.coord.store.postgresql.schema import RULES, SCHEMA_VERSION, SCHEMAS
from p2claw.coord.store.postgresql.store import PostgresqlStore
from p2claw.errors import RefusedError, UsageError
from tests.support.postgresql import Postgresql


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy does not make a test fail."""
    monkeypatch.setattr("p2claw.coord.store.postgresql.store.DEADLINE_S", 60.0)


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


@asynccontextmanager
async def nodes(
    pg: Postgresql, folder: Path, count: int = 2
) -> AsyncIterator[list[PostgresqlStore]]:
    url = pg.emptied_database()
    opened = [await PostgresqlStore.open(url, folder / f"node{n}") for n in range(count)]
    try:
        yield opened
    finally:
        for node in opened:
            await node.close()


async def refusal(url: str, folder: Path) -> UsageError:
    with pytest.raises(UsageError) as refused:
        await PostgresqlStore.open(url, folder)
    return refused.value


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


async def test_of_two_nodes_none_gives_an_alias_that_the_other_gave(
    pg: Postgresql, tmp_path: Path
) -> None:
    async with nodes(pg, tmp_path) as both:
        names = [f"name{number}" for number in range(30)]
        records = await asyncio.gather(
            *(
                both[number % 2].add_box(key(number), f"key{number}", iter(names), 1)
                for number in range(30)
            )
        )
        assert {record.alias for record in records} == set(names)


async def test_a_node_that_one_calls_lost_is_lost_for_all_until_it_is_forgotten(
    pg: Postgresql, tmp_path: Path
) -> None:
    async with nodes(pg, tmp_path) as (one, two):
        assert not await one.is_lost("some")
        for node in (one, two):
            await node.declare_lost("some")
        assert await one.is_lost("some") and not await one.is_lost("other")
        await one.forget_lost("some")
        assert not await two.is_lost("some")


async def test_a_database_of_the_first_schema_is_brought_to_the_last(
    pg: Postgresql, tmp_path: Path
) -> None:
    url = pg.new_database()
    execute(url, SCHEMAS[0])
    execute(url, "CREATE TABLE schema_steps (version integer PRIMARY KEY, applied_at timestamptz)")
    execute(url, "INSERT INTO schema_steps VALUES (1)")
    store = await PostgresqlStore.open(url, tmp_path)
    await store.declare_lost("some")
    await store.close()


async def test_a_key_that_comes_to_two_nodes_at_once_has_one_alias_and_uses_one_invitation(
    pg: Postgresql, tmp_path: Path
) -> None:
    code = b"c" * 32
    async with nodes(pg, tmp_path) as both:
        await both[0].invite(code, "", 8, 1, None)
        for box in range(5):
            records = await asyncio.gather(
                *(
                    node.add_box(key(box), f"key{box}", iter([f"box{box}at{number}"]), 1, code)
                    for number, node in enumerate(both * 4)
                )
            )
            assert len({record.alias for record in records}) == 1
        assert (await both[1].invitations())[0].used == 5


async def test_the_last_use_of_an_invitation_is_used_at_one_node(
    pg: Postgresql, tmp_path: Path
) -> None:
    code = b"c" * 32
    async with nodes(pg, tmp_path) as both:
        await both[0].invite(code, "", 3, 1, None)
        done = await asyncio.gather(
            *(
                both[number % 2].add_box(
                    key(number), f"key{number}", iter([f"name{number}"]), 1, code
                )
                for number in range(12)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(one, RefusedError) for one in done) == 9
        assert (await both[1].invitations())[0].used == 3


async def test_what_looks_alike_is_chosen_at_one_node(pg: Postgresql, tmp_path: Path) -> None:
    async with nodes(pg, tmp_path) as both:
        for number in range(8):
            await both[0].add_box(key(number), f"key{number}", iter([f"name{number}"]), 1)
        alike = ("crab", "crrab", "claab", "dab")
        done = await asyncio.gather(
            *(both[number % 2].claim(key(number), alike[number // 2], 2) for number in range(8)),
            return_exceptions=True,
        )
        refused = {one.code for one in done if isinstance(one, RefusedError)}
        chosen = [one.alias for one in done if not isinstance(one, BaseException)]
        assert refused == {"alias-taken"}
        assert len([one for one in chosen if one in ("crab", "crrab")]) == 1
        assert len([one for one in chosen if one in ("claab", "dab")]) == 1


async def test_nodes_that_start_at_once_make_the_tables_once(
    pg: Postgresql, tmp_path: Path
) -> None:
    url = pg.new_database()
    opened = await asyncio.gather(
        *(PostgresqlStore.open(url, tmp_path / f"node{number}") for number in range(4))
    )
    await asyncio.gather(*(store.check() for store in opened))
    for store in opened:
        await store.close()


async def test_a_node_goes_on_after_the_database_was_restarted(
    pg: Postgresql, tmp_path: Path
) -> None:
    async with nodes(pg, tmp_path, 1) as (node,):
        await node.add_box(key(1), "key1", iter(["purplecrab"]), 1)
        pg.stop()
        pg.start()
        record = await node.box_of_key(key(1))
        assert record is not None and record.alias == "purplecrab"


async def test_data_of_a_newer_version_are_refused(pg: Postgresql, tmp_path: Path) -> None:
    url = pg.new_database()
    await (await PostgresqlStore.open(url, tmp_path)).close()
    execute(url, f"INSERT INTO schema_steps VALUES ({SCHEMA_VERSION + 1})")
    assert (await refusal(url, tmp_path)).code == "data-newer"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE names DROP CONSTRAINT a_name_has_one_key",
        "ALTER TABLE boxes DISABLE TRIGGER alias_is_permanent",
    ],
)
async def test_a_database_without_its_rules_is_refused(
    pg: Postgresql, tmp_path: Path, statement: str
) -> None:
    url = pg.new_database()
    await (await PostgresqlStore.open(url, tmp_path)).close()
    execute(url, statement)
    refused = await refusal(url, tmp_path)
    assert refused.code == "data-damaged"
    assert any(rule in refused.message for rule in RULES)


async def test_a_database_that_is_not_the_one_of_before_is_refused(
    pg: Postgresql, tmp_path: Path
) -> None:
    url, other = pg.new_database(), pg.new_database()
    await (await PostgresqlStore.open(url, tmp_path)).close()
    assert (await refusal(other, tmp_path)).code == "data-older"
    execute(url, "UPDATE life SET opened = 0")
    refused = await refusal(url, tmp_path)
    assert (refused.code, CLUSTER_NOTE in refused.hint) == ("data-older", True)
    (tmp_path / CLUSTER_NOTE).unlink()
    await (await PostgresqlStore.open(url, tmp_path)).close()


async def test_two_nodes_in_one_folder_are_refused(pg: Postgresql, tmp_path: Path) -> None:
    async with nodes(pg, tmp_path, 1):
        assert (await refusal(pg.url("postgres"), tmp_path / "node0")).code == "data-in-use"


async def test_a_database_that_was_made_without_a_locale_serves_as_well(
    pg: Postgresql, tmp_path: Path
) -> None:
    url = pg.new_database("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    node = await PostgresqlStore.open(url, tmp_path / "node")
    try:
        await node.add_box(key(1), "key1", iter(["purplecrab"]), 1)
        record = await node.box_of_key(key(1))
        assert record is not None and record.alias == "purplecrab"
    finally:
        await node.close()


async def test_a_database_that_is_not_there_is_refused_in_plain_words(
    pg: Postgresql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.coord.store.postgresql.store.DEADLINE_S", 0.3)
    missing = await refusal(pg.url("missing"), tmp_path)
    assert '"missing" does not exist' in missing.message
    silent = await refusal(f"postgresql://test@/x?host={tmp_path}", tmp_path)
    assert silent.code == "store-unavailable"
