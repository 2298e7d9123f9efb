"""The log of a relay is counted once, whatever happens to it; who has used up is known."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from p2claw.coord.relayed.ledger import Budget
from p2claw.coord.relayed.lines import usage_in, user_of
from p2claw.coord.relayed.relay_file import _SCHEMAS, FileLedger, RelayFile
from p2claw.coord.relayed.relay_log import READ_BYTES, RelayLog
from p2claw.coord.relayed.relay_watch import RelayWatch
from p2claw.errors import UsageError

BOX = "swy2cibtnnw7hmbsetd4qw4r3f"
OTHER = "pzdgjrx42wxtntihqywc7ewczw"
NOVEMBER_S, DECEMBER_S = 1_796_000_000.0, 1_796_200_000.0


def line(box: str, count: int) -> bytes:
    """As coturn 4.6 writes it, beside other lines."""
    user = user_of(1_796_030_930, box, "a-visit_1")
    usage = f"realm=<apps.example.org>, username=<{user}>, rp=54, rb={count - 8}, sp=4, sb=8"
    session = "1: : session 001000000000000001"
    return (
        f"{session}: usage: {usage}\n{session}: peer usage: {usage}\n{session}: delete: {usage}\n"
    ).encode()


class Clock:
    now_s = NOVEMBER_S


def watch_of(folder: Path) -> RelayWatch:
    ledger = FileLedger(RelayFile(folder / "relayed.db"))
    return RelayWatch(RelayLog(folder / "turn.log", ledger), ledger, wall_s=lambda: Clock.now_s)


def of(watch: RelayWatch, box: str) -> tuple[int, int | None]:
    """What was relayed in this month, and what may be."""
    usage, budget = watch.of(box)
    return usage.month_bytes, budget.month_bytes


@pytest.fixture(autouse=True)
def november() -> None:
    Clock.now_s = NOVEMBER_S


def write(folder: Path, content: bytes) -> None:
    with (folder / "turn.log").open("ab") as log:
        log.write(content)


async def test_lines_are_counted_once_and_halves_when_they_are_whole(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    content = line(BOX, 1_000) + line(OTHER, 50)
    write(tmp_path, content[:100])
    await watch.look()
    assert of(watch, BOX) == (0, None)
    write(tmp_path, content[100:])
    for _ in range(3):
        await watch.look()
    assert (of(watch, BOX), of(watch, OTHER)) == ((1_000, None), (50, None))
    await watch.close()


async def test_a_server_that_starts_again_goes_on_where_it_was(tmp_path: Path) -> None:
    write(tmp_path, line(BOX, 1_000))
    for counted in (1_000, 1_500):
        watch = watch_of(tmp_path)
        await watch.look()
        await watch.look()
        assert of(watch, BOX)[0] == counted
        await watch.close()
        write(tmp_path, line(BOX, 500))


@pytest.mark.parametrize("way", ["emptied", "renamed"])
async def test_a_log_that_is_rotated_is_read_from_its_beginning(tmp_path: Path, way: str) -> None:
    watch = watch_of(tmp_path)
    write(tmp_path, line(BOX, 1_000) * 3)
    await watch.look()
    if way == "emptied":
        os.truncate(tmp_path / "turn.log", 0)
    else:
        (tmp_path / "turn.log").rename(tmp_path / "turn.log.1")
    write(tmp_path, line(BOX, 7_000))
    await watch.look()
    assert of(watch, BOX)[0] == 10_000
    await watch.close()


async def test_a_log_that_is_missing_is_waited_for(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    await watch.look()
    write(tmp_path, line(BOX, 1_000))
    await watch.look()
    assert of(watch, BOX)[0] == 1_000
    await watch.close()


async def test_much_at_once_is_read_whole_with_whatever_is_in_it(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    write(tmp_path, b"x" * (READ_BYTES + 10) + b"\n" + line(BOX, 1_000) + b"\xff\0\n" * 9)
    times = READ_BYTES // len(line(BOX, 10)) + 100
    write(tmp_path, line(BOX, 10) * times)
    await watch.look()
    assert of(watch, BOX)[0] == 1_000 + 10 * times
    await watch.close()


async def test_a_box_that_has_used_up_its_month_begins_anew_in_the_next(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    await watch.set_budget(BOX, Budget(1_000))
    write(tmp_path, line(BOX, 999) + line(OTHER, 5_000))
    await watch.look()
    assert watch.used_up == frozenset()
    write(tmp_path, line(BOX, 10))
    await watch.look()
    assert watch.used_up == {BOX}
    await watch.set_budget(BOX, Budget(2_000))
    assert watch.used_up == frozenset()
    await watch.set_budget(BOX, Budget(1_009))
    assert watch.used_up == {BOX}
    Clock.now_s = DECEMBER_S
    await watch.look()
    assert (watch.used_up, of(watch, BOX)) == (frozenset(), (0, 1_009))
    await watch.set_budget(BOX, Budget(None))
    assert of(watch, BOX) == (0, None)
    await watch.close()


async def test_a_box_that_has_used_up_its_day_begins_anew_on_the_next(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    Clock.now_s -= 5 * 86_400
    await watch.set_budget(BOX, Budget(10_000, 1_000))
    write(tmp_path, line(BOX, 1_500))
    await watch.look()
    assert watch.used_up == {BOX}
    Clock.now_s += 86_400
    await watch.look()
    assert (watch.used_up, watch.of(BOX)[0].day_bytes) == (frozenset(), 0)
    assert of(watch, BOX) == (1_500, 10_000)
    write(tmp_path, line(BOX, 8_500))
    await watch.look()
    assert watch.used_up == {BOX}, "the month is used up, too"
    await watch.close()


async def test_a_file_of_before_budgets_per_day_is_read_on(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "relayed.db")
    old.executescript(f"{_SCHEMAS[0]} PRAGMA user_version = 1;")
    old.execute("INSERT INTO relayed VALUES ('2026-11', ?, 700)", (BOX,))
    old.execute("INSERT INTO limits VALUES (?, 1000)", (BOX,))
    old.commit()
    old.close()
    watch = watch_of(tmp_path)
    write(tmp_path, line(BOX, 200))
    await watch.look()
    assert (of(watch, BOX), watch.of(BOX)[0].day_bytes) == ((900, 1_000), 200)
    await watch.close()


async def test_limits_and_months_are_kept(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    await watch.set_budget(BOX, Budget(5))
    write(tmp_path, line(BOX, 100))
    await watch.look()
    await watch.close()
    again = watch_of(tmp_path)
    await again.look()
    assert (of(again, BOX), again.used_up) == ((100, 5), {BOX})
    await again.close()


@pytest.mark.parametrize(
    "text",
    [
        "1: : session 1: usage: realm=<x>, username=<1796030930:a-visit>, rp=1, rb=1, sp=1, sb=1",
        f"1: : session 1: usage: realm=<x>, username=<x:{BOX}.v>, rp=1, rb=1, sp=1, sb=1",
        f"1: : session 1: usage: realm=<x>, username=<1:{BOX}.v>, rp=1, rb=-1, sp=1, sb=1",
        f"1: : session 1: peer usage: realm=<x>, username=<1:{BOX}.v>, rp=1, rb=1, sp=1, sb=1",
        "",
    ],
)
def test_what_is_no_usage_of_a_box_counts_for_none(text: str) -> None:
    assert usage_in(text.encode()) == {}


def test_a_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "relayed.db").write_bytes(b"no database at all, but long enough to be read" * 99)
    with pytest.raises(UsageError) as raised:
        RelayFile(tmp_path / "relayed.db")
    assert raised.value.code == "relayed-unusable"


async def test_a_box_for_which_something_has_changed_is_named_once(tmp_path: Path) -> None:
    watch, named = watch_of(tmp_path), list[frozenset[str]]()
    watch.on_changed = named.append
    write(tmp_path, line(BOX, 1_000))
    await watch.look()
    await watch.look()
    assert named == [{BOX}]
    await watch.set_budget(OTHER, Budget(day_bytes=5))
    write(tmp_path, line(BOX, 100))
    await watch.look()
    assert named == [{BOX}, {OTHER}, {BOX}]
    Clock.now_s = DECEMBER_S
    await watch.look()
    assert named[3:] == [{BOX}], "a month that begins counts from nothing"
    await watch.close()
