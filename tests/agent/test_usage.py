"""p2claw.agent.usage: bytes per app and month, and apps that have used up theirs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from p2claw.agent.home.routes import Route
from p2claw.agent.home.usage_file import Moved, UsageFile
from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.agent.usage import Usage, month_end_s, month_of
from p2claw.errors import StreamResetError
from p2claw.units import MB
from p2claw.visitor.response import Response
from tests.support.agent import RunningAgent, running_agent
from tests.support.server import RunningServer
from tests.support.upstreams import OK, Talk, upstream_of

NOVEMBER_S = datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC).timestamp()
DECEMBER_S = datetime(2026, 12, 1, tzinfo=UTC).timestamp()


class Box:
    """traffic: what the visitors report. closed: the apps that have used up their month."""

    def __init__(self, path: Path) -> None:
        self.now_s = NOVEMBER_S
        self.traffic: dict[str, int] = {}
        self.closed: list[Mapping[str, float]] = []
        self.usage = Usage(
            path, lambda: self.traffic, self.closed.append, wall_s=lambda: self.now_s
        )

    def limit(self, **limits: int) -> None:
        self.usage.apply(
            {
                app: Route(app, UpstreamAddress("localhost", 9), monthly_bytes=limit)
                for app, limit in limits.items()
            }
        )

    def move(self, name: str, count: int) -> None:
        self.traffic[name] = self.traffic.get(name, 0) + count
        self.usage.look()


@asynccontextmanager
async def box_at(path: Path) -> AsyncIterator[Box]:
    box = Box(path)
    await box.usage.load()
    try:
        yield box
    finally:
        await box.usage.close()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with box_at(tmp_path / "usage.db") as box:
        yield box


def written(path: Path) -> dict[str, dict[str, Moved]]:
    file = UsageFile(path)
    try:
        return file.months()
    finally:
        file.close()


@pytest.mark.parametrize(
    ("text", "month", "end"),
    [
        ("2026-11-30T23:59:59", "2026-11", "2026-12-01"),
        ("2026-12-31T23:59:59", "2026-12", "2027-01-01"),
        ("2028-02-29T12:00:00", "2028-02", "2028-03-01"),
    ],
)
def test_a_month_ends_where_the_next_begins(text: str, month: str, end: str) -> None:
    at_s = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    assert month_of(at_s) == month
    assert month_end_s(at_s) == datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp()


async def test_counts_go_to_the_month_of_their_time_and_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    async with box_at(path) as box:
        box.move("dog/direct/in", 10)
        box.move("dog/relayed/out", 5)
        box.move("dog/direct/visits", 1)
        box.move("dog/responses/2xx", 9)
        box.now_s = DECEMBER_S
        box.move("dog/direct/in", 3)
        assert box.usage.of("dog") == Moved(direct_in=3)
    assert written(path) == {
        "2026-12": {"dog": Moved(direct_in=3)},
        "2026-11": {"dog": Moved(visits=1, direct_in=10, relayed_out=5)},
    }


async def test_what_is_counted_while_it_is_written_is_written_next(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    async with box_at(path) as box:
        box.move("dog/direct/in", 10)
        box.move("cat/direct/in", 1)
        writing = asyncio.create_task(box.usage.write())
        await asyncio.sleep(0)
        box.move("dog/direct/in", 5)
        await writing
        assert box.usage.of("dog") == Moved(direct_in=15)
    assert written(path)["2026-11"] == {"dog": Moved(direct_in=15), "cat": Moved(direct_in=1)}


async def test_a_write_that_is_cancelled_is_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    async with box_at(path) as box:
        box.move("dog/direct/in", 10)
        writing = asyncio.create_task(box.usage.write())
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    assert written(path)["2026-11"] == {"dog": Moved(direct_in=10)}


async def test_another_agent_goes_on_counting(tmp_path: Path) -> None:
    for _ in range(2):
        async with box_at(tmp_path / "usage.db") as box:
            box.move("dog/direct/out", 7)
    assert written(tmp_path / "usage.db")["2026-11"]["dog"].bytes == 14


async def test_what_cannot_be_written_is_logged_once_and_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "usage.db"

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with box_at(path) as box:
        box.move("dog/direct/out", 7)
        with monkeypatch.context() as patch:
            patch.setattr(UsageFile, "add", full)
            await box.usage.write()
            await box.usage.write()
        assert box.usage.of("dog").bytes == 7
    assert [record.getMessage() for record in caplog.records].count("usage not written") == 1
    assert written(path)["2026-11"]["dog"].bytes == 7


async def test_an_app_is_closed_at_its_limit_and_no_other(box: Box) -> None:
    box.limit(dog=100, cat=0)
    box.move("dog/direct/in", 60)
    box.move("cat/direct/in", 600)
    assert box.closed == []
    box.move("dog/relayed/out", 40)
    assert box.closed == [{"dog": DECEMBER_S}]
    assert box.usage.facts()["used_up"] == ["dog"]


async def test_a_new_month_opens_it(box: Box) -> None:
    box.limit(dog=100)
    box.move("dog/direct/in", 100)
    box.now_s = DECEMBER_S
    box.usage.look()
    assert box.closed == [{"dog": DECEMBER_S}, {}]


async def test_another_limit_opens_it_or_closes_it_at_once(box: Box) -> None:
    box.limit(dog=100)
    box.move("dog/direct/in", 100)
    for limit in (101, 50, 0):
        box.limit(dog=limit)
    box.limit()
    assert box.closed == [{"dog": DECEMBER_S}, {}, {"dog": DECEMBER_S}, {}]


async def test_it_stays_closed_when_the_agent_starts_again(tmp_path: Path) -> None:
    for _ in range(2):
        box = Box(tmp_path / "usage.db")
        box.limit(dog=100)
        await box.usage.load()
        box.move("dog/direct/in", 100)
        assert box.closed == [{"dog": DECEMBER_S}]
        await box.usage.close()


async def downloading(talk: Talk) -> None:
    while await talk.request():
        await talk.send(OK + b"Content-Length: 40000000\r\n\r\n")
        for _ in range(4_000):
            await talk.send(bytes(10_000))
            await asyncio.sleep(0.002)


async def refusal(agent: RunningAgent) -> Response:
    """Ask until the box refuses."""
    async with asyncio.timeout(30), await agent.visit() as visitor:
        while True:
            response = await visitor.request("GET", "/")
            if response.status != 200:
                return response
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_download_ends_at_the_limit_and_so_it_stays(
    workers: int, tmp_path: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.workers.workers.ALIVE_S", 1.5)
    monkeypatch.setattr("p2claw.agent.usage.LOOK_S", 0.1)
    home = tmp_path / "home"
    async with upstream_of(downloading) as upstream:
        async with running_agent(home, server, workers=workers) as agent:
            entry = {"upstream": upstream.url, "monthly_bytes": 2 * MB}
            status, described = await agent.api.ask("PUT", "/v1/routes/dog", entry)
            assert (status, described["monthly_bytes"]) == (200, 2 * MB)
            async with await agent.visit() as visitor:
                response = await visitor.request("GET", "/")
                with pytest.raises(StreamResetError):
                    await response.body(50 * MB)
        # Exposed again without a limit, it keeps the one that it had.
        async with running_agent(home, server, workers=workers) as agent:
            await agent.api.expose("dog", upstream.url)
            response = await refusal(agent)
            usage = await agent.api.get("/v1/usage")
    assert (response.status, response.error) == (503, "month-used-up")
    assert 0 < int(response.field("retry-after") or 0) <= 31 * 86_400
    (month,) = usage["usage"]
    assert (month["app"], month["direct"]["out"] >= 2 * MB) == ("dog", True)
    assert usage["used_up"] == ["dog"]


async def test_what_relays_move_in_a_day_begins_anew_at_midnight(tmp_path: Path) -> None:
    async with box_at(tmp_path / "usage.db") as box:
        box.move("dog/relayed/in", 10)
        box.move("cat/relayed/out", 5)
        box.move("dog/direct/out", 1_000)
        assert box.usage.relayed_today() == 15
        box.now_s = DECEMBER_S
        assert box.usage.relayed_today() == 0
        box.move("dog/relayed/out", 7)
        assert box.usage.relayed_today() == 7
