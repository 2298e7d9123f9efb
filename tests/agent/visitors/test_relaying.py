"""p2claw.agent.visitors.relaying: bytes by path, and limits that hold relayed links alone."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.agent.http.under_way import UnderWay
from p2claw.agent.request_faults import RelayLimitFault
from p2claw.agent.visitors.relaying import RelayMeter
from p2claw.agent.visitors.traffic import Traffic, by_app
from p2claw.units import DAY_S


class Clock:
    now_s = 1_000.0 * DAY_S

    def __call__(self) -> float:
        return self.now_s


async def may_begin(meter: RelayMeter) -> bool:
    try:
        with UnderWay() as under_way:
            meter.watch(under_way)
            return True
    except RelayLimitFault:
        return False


def test_bytes_count_for_the_path_that_they_went_by() -> None:
    traffic = Traffic()
    meter = RelayMeter(traffic)
    meter.note("dog", "relayed", 1, 2)
    meter.note("dog", "relayed", 11, 102)
    meter.note("dog", "direct", 13, 202)
    meter.note("dog", "direct", 1_013, 5_202)
    meter.note("dog", "unknown", 1_014, 5_203)
    assert meter.relayed == (13, 202)
    assert by_app(traffic.counts()) == {
        "dog": {"direct": {"in": 1_001, "out": 5_001}, "relayed": {"in": 13, "out": 202}}
    }


def test_a_link_is_a_visit_once_something_has_come_on_it() -> None:
    traffic = Traffic()
    silent, one, other = RelayMeter(traffic), RelayMeter(traffic), RelayMeter(traffic)
    for count in (0, 5, 9):
        silent.note("dog", "direct", 0, count)
        one.note("dog", "direct", count, 0)
        other.note("cat", "relayed", count, 0)
    counts = traffic.counts()
    assert (counts["dog/direct/visits"], counts["cat/relayed/visits"]) == (1, 1)


def test_what_is_lost_counts_on_when_a_link_carries_the_session_of_another_on() -> None:
    traffic = Traffic()
    meter = RelayMeter(traffic)
    meter.note("dog", "direct", 1, 1)
    for sent, lost in ((100, 2), (150, 2), (20, 1), (30, 1)):
        meter.note_chunks("dog", sent, lost)
    counts = traffic.counts()
    assert (counts["dog/direct/chunks"], counts["dog/direct/lost"]) == (180, 3)


async def test_a_visit_may_relay_up_to_its_limit_and_any_number_directly() -> None:
    traffic = Traffic(per_visit=1_000)
    meter = RelayMeter(traffic)
    meter.note("dog", "relayed", 0, 999)
    assert await may_begin(meter)
    meter.note("dog", "relayed", 1, 999)
    assert not await may_begin(meter)
    meter.note("dog", "direct", 1, 999)
    assert await may_begin(meter)
    meter.note("dog", "direct", 10**9, 10**9)
    assert await may_begin(meter)


async def test_another_visit_has_a_limit_of_its_own() -> None:
    traffic = Traffic(per_visit=1_000)
    RelayMeter(traffic).note("dog", "relayed", 0, 5_000)
    other = RelayMeter(traffic)
    other.note("dog", "relayed", 0, 1)
    assert await may_begin(other)


async def test_a_day_is_one_limit_for_all_visits_and_ends_at_midnight() -> None:
    clock = Clock()
    traffic = Traffic(per_day=1_000, wall_s=clock)
    one, other, direct = RelayMeter(traffic), RelayMeter(traffic), RelayMeter(traffic)
    one.note("dog", "relayed", 0, 600)
    other.note("cat", "relayed", 400, 0)
    direct.note("dog", "direct", 0, 10**9)
    assert [await may_begin(meter) for meter in (one, other, direct)] == [False, False, True]
    clock.now_s += DAY_S - 1
    assert not await may_begin(one)
    clock.now_s += 1
    assert await may_begin(one)


async def test_what_is_under_way_ends_when_the_limit_is_reached() -> None:
    meter = RelayMeter(Traffic(per_visit=1_000))
    meter.note("dog", "relayed", 0, 1)
    entered = asyncio.Event()

    async def download() -> None:
        with UnderWay() as under_way:
            meter.watch(under_way)
            entered.set()
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(download()) for _ in range(3)]
    await entered.wait()
    meter.note("dog", "relayed", 0, 2_000)
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert [type(result) for result in results] == [RelayLimitFault] * 3


async def test_the_limit_of_a_link_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    meter = RelayMeter(Traffic(per_visit=10), "WTvsya_P")
    for count in range(0, 100, 20):
        meter.note("dog", "relayed", 0, count)
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count("relay limit reached") == 1
