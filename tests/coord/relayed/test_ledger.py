"""Both ledgers count each byte once, whoever writes it down, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.coord.relayed.ledger import ALLOCATION_S, Allocation, Budget, Ledger, Now, Place, Usage
from tests.coord.relayed.ledgers import file_ledger, ledgers_of_nodes
from tests.support.postgresql import Postgresql

BOX, OTHER = "swy2cibtnnw7hmbsetd4qw4r3f", "pzdgjrx42wxtntihqywc7ewczw"
NOW = Now("2026-11", "2026-11-30", 1_796_000_000)
NEXT = Now("2026-12", "2026-12-01", NOW.s + 86_400)


@pytest.fixture(params=["sqlite", "postgresql"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "sqlite":
        async with file_ledger(tmp_path) as found:
            yield found
    else:
        async with ledgers_of_nodes(request.getfixturevalue("pg"), tmp_path, 1) as (found,):
            yield found


async def test_of_an_allocation_only_what_is_more_than_was_known_counts(ledger: Ledger) -> None:
    for total in (100, 100, 70, 250):
        await ledger.raise_to(NOW, {"one": Allocation(BOX, total)})
    await ledger.raise_to(NOW, {"two": Allocation(BOX, 5), "three": Allocation(OTHER, 9)})
    assert await ledger.usage(NOW) == {BOX: Usage(255, 255), OTHER: Usage(9, 9)}
    assert (await ledger.known())["one"] == Allocation(BOX, 250)


async def test_what_moves_after_midnight_counts_for_the_new_day(ledger: Ledger) -> None:
    await ledger.raise_to(NOW, {"one": Allocation(BOX, 100)})
    await ledger.raise_to(NEXT, {"one": Allocation(BOX, 130)})
    assert await ledger.usage(NOW) == {BOX: Usage(100, 100)}
    assert await ledger.usage(NEXT) == {BOX: Usage(30, 30)}


async def test_an_allocation_is_remembered_as_long_as_it_may_say_something(ledger: Ledger) -> None:
    await ledger.raise_to(NOW, {"one": Allocation(BOX, 100)})
    late = Now("2026-12", "2026-12-09", NOW.s + ALLOCATION_S + 1)
    await ledger.raise_to(late, {"two": Allocation(BOX, 1)})
    assert await ledger.known() == {"two": Allocation(BOX, 1)}


async def test_a_log_and_how_far_it_was_read_are_one_commit(ledger: Ledger) -> None:
    assert await ledger.place("host:log") is None
    await ledger.add(NOW, {BOX: 100}, "host:log", Place(7, 10))
    await ledger.add(NOW, {BOX: 50}, "host:log", Place(7, 20))
    assert await ledger.place("host:log") == Place(7, 20)
    assert await ledger.usage(NOW) == {BOX: Usage(150, 150)}


async def test_a_budget_is_per_month_per_day_or_both(ledger: Ledger) -> None:
    await ledger.set_budget(BOX, Budget(100, None))
    await ledger.set_budget(BOX, Budget(None, 7))
    await ledger.set_budget(OTHER, Budget(1, 2))
    assert await ledger.budgets() == {BOX: Budget(None, 7), OTHER: Budget(1, 2)}
    await ledger.set_budget(BOX, Budget())
    assert await ledger.budgets() == {OTHER: Budget(1, 2)}


async def test_months_go_after_two_years_and_days_after_two(ledger: Ledger) -> None:
    for month in range(30):
        name = f"{2020 + month // 12}-{month % 12 + 1:02}"
        now = Now(name, f"{name}-01", NOW.s)
        await ledger.raise_to(now, {f"of {month}": Allocation(BOX, 10)})
    first, last = Now("2020-01", "2020-01-01", 0), Now("2022-06", "2022-06-01", 0)
    assert await ledger.usage(first) == {}
    assert await ledger.usage(last) == {BOX: Usage(10, 10)}
    assert await ledger.usage(Now("2020-06", "2020-06-01", 0)) == {BOX: Usage(10, 0)}


async def test_nodes_that_all_know_the_same_count_it_once(pg: Postgresql, tmp_path: Path) -> None:
    """Each writes growing sums of the same allocations, at the same time."""
    async with ledgers_of_nodes(pg, tmp_path, 3) as ledgers:

        async def write(ledger: Ledger, step: int) -> None:
            for total in range(step, 2_001, step):
                known = {f"{n}": Allocation(BOX, total * (n + 1)) for n in range(5)}
                await ledger.raise_to(NOW, known)

        await asyncio.gather(
            *(write(one, step) for one, step in zip(ledgers, (50, 80, 125), strict=True))
        )
        assert await ledgers[0].usage(NOW) == {BOX: Usage(30_000, 30_000)}
