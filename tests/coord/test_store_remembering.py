"""p2claw.coord.store.remembering: what goes on while a real database is gone, and afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from p2claw import names
from p2claw.config import StoreAddress
from p2claw.coord.store import remembering
from p2claw.coord.store.base import StoreError
from p2claw.coord.store.choosing import open_store
from p2claw.coord.store.records import Records
from p2claw.coord.store.remembering import RememberingStore
from p2claw.wire.signalling import AgentError, Announce, Announced
from tests.coord.peers import (
    connected_agent,
    connected_visitor,
    eventually,
    key_of,
    registered_agent,
)
from tests.support.postgresql import Postgresql
from tests.support.server import running_server

KEY = bytes(32)
NEW = bytes([1]) * 32


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "LOOK_AGAIN_S", 0.05)


@pytest.fixture
def gone(pg: Postgresql) -> Iterator[Postgresql]:
    """The server, that a test may stop; it runs afterwards."""
    yield pg
    pg.stop()
    pg.start()


@pytest.fixture
async def store(gone: Postgresql, tmp_path: Path) -> AsyncIterator[RememberingStore]:
    opened = await open_store(StoreAddress.parse(gone.emptied_database()), tmp_path)
    assert isinstance(opened, RememberingStore)
    opened._behind._pool.timeout = 0.1  # type: ignore[attr-defined] - in the place of CONNECT_S
    await opened.add_box(KEY, "keyone", iter(["purplecrab"]), 1)
    yield opened
    await opened.close()


async def test_a_box_that_is_known_is_found_while_the_database_is_gone(
    store: RememberingStore, gone: Postgresql
) -> None:
    await store.claim(KEY, "crab", 2)
    record = await store.box_of_key(KEY)
    gone.stop()
    assert await store.box_of_key(KEY) == record
    for alias in ("purplecrab", "crab", "keyone"):
        assert await store.box_of_alias(alias) == record
    await store.check()  # it serves what it remembers
    assert not store.is_there


async def test_what_is_new_waits_with_a_code_and_succeeds_afterwards(
    store: RememberingStore, gone: Postgresql
) -> None:
    gone.stop()
    for _ in range(3):
        with pytest.raises(StoreError) as refused:
            await store.add_box(NEW, "keytwo", iter(["redfox"]), 1)
        assert refused.value.code == "store-unavailable"
    with pytest.raises(StoreError):
        await store.box_of_alias("redfox")  # it may be another's: that it is unknown is not known
    gone.start()
    await eventually(lambda: store.is_there)
    assert (await store.add_box(NEW, "keytwo", iter(["redfox"]), 1)).alias == "redfox"


async def test_what_was_announced_meanwhile_is_written_afterwards(
    store: RememberingStore, gone: Postgresql, tmp_path: Path
) -> None:
    gone.stop()
    await store.save_apps(KEY, ("dog",), 2)
    await store.save_apps(KEY, ("cat", "dog"), 3)
    remembered = await store.box_of_key(KEY)
    assert remembered is not None and remembered.apps == ("cat", "dog")
    gone.start()
    await eventually(lambda: store.is_there)
    written = await store._behind.box_of_key(KEY)
    assert written is not None and written.apps == ("cat", "dog")


async def test_what_the_operator_changes_is_what_is_remembered(
    store: RememberingStore, gone: Postgresql
) -> None:
    await store.ban(KEY, "why", 2)
    gone.stop()
    record = await store.box_of_key(KEY)
    assert record is not None and record.banned


async def test_the_box_that_was_not_looked_at_for_longest_is_forgotten(
    store: RememberingStore, gone: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_records", Records(most=2))
    for number in (1, 2):
        await store.add_box(bytes([number]) * 32, f"key{number}", iter([f"name{number}"]), 1)
    gone.stop()
    assert await store.box_of_alias("name1") is not None
    with pytest.raises(StoreError):
        await store.box_of_alias("purplecrab")


async def test_while_the_database_is_gone_known_boxes_come_back_and_are_visited(
    gone: Postgresql, tmp_path: Path
) -> None:
    address = StoreAddress.parse(gone.emptied_database())
    async with running_server(tmp_path, store=address) as server:
        async with registered_agent(server.url, key_of(1), ("dog",)) as (_, first):
            pass
        gone.stop()
        async with registered_agent(server.url, key_of(1)) as (agent, again):
            assert again.alias == first.alias
            query = f"v=1&alias={first.alias}&app=dog"
            async with connected_visitor(server.url, query) as visitor:
                assert type(await visitor.next()).__name__ == "Introduced"
            await agent.send(Announce(1, ("cat",)))
            await agent.receive(Announced)
            async with connected_agent(server.url) as stranger:
                await stranger.answer_challenge(key_of(2), f"127.0.0.1:{server.port}")
                assert (await stranger.receive(AgentError)).code == "store-unavailable"
                assert await stranger.close_code() == 1001
            gone.start()
            await eventually(lambda: server.serving.coordinator.is_store_there)
            async with registered_agent(server.url, key_of(2)) as (_, second):
                assert names.ALIAS.fullmatch(second.alias)
