"""p2claw.agent.http.under_way: a request ends with the fault that it is given, and only then."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.agent.http.under_way import UnderWay
from p2claw.agent.request_faults import AccessEndedFault, RelayLimitFault, RequestFault

LONG_S = 60.0


class Request:
    """A task that serves until it is ended."""

    def __init__(self) -> None:
        self.forgotten: list[UnderWay] = []
        self.under_way = UnderWay()
        self.under_way.at_end.append(self.forgotten.append)
        self.task = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        with self.under_way:
            await asyncio.Event().wait()

    async def fault(self) -> BaseException | None:
        await asyncio.wait({self.task}, timeout=10)
        assert self.forgotten == [self.under_way]
        return None if self.task.cancelled() else self.task.exception()


async def begun() -> Request:
    request = Request()
    await asyncio.sleep(0)
    return request


async def test_it_ends_with_the_fault_that_it_is_given() -> None:
    request = await begun()
    request.under_way.end(RelayLimitFault("too much"))
    assert type(await request.fault()) is RelayLimitFault


async def test_the_earliest_end_counts_in_whichever_order_they_are_named() -> None:
    for sooner_first in (True, False):
        request = await begun()
        ends: list[tuple[RequestFault, float]] = [
            (AccessEndedFault("soon"), 0.02),
            (RelayLimitFault("late"), LONG_S),
        ]
        for fault, in_s in ends if sooner_first else reversed(ends):
            request.under_way.end(fault, in_s)
        assert type(await request.fault()) is AccessEndedFault


async def test_a_cancellation_by_somebody_else_stays_one() -> None:
    request = await begun()
    request.under_way.end(RelayLimitFault("too much"), LONG_S)
    request.task.cancel()
    assert await request.fault() is None and request.task.cancelled()


async def test_a_cancellation_at_the_same_time_is_not_lost() -> None:
    request = await begun()
    request.under_way.end(RelayLimitFault("too much"))
    request.task.cancel()
    assert await request.fault() is None and request.task.cancelled()


async def test_what_ends_by_itself_is_ended_by_nobody() -> None:
    with UnderWay() as under_way:
        under_way.end(RelayLimitFault("too much"))
    under_way.end(RelayLimitFault("too late"))
    await asyncio.sleep(0.01)
    with pytest.raises(TimeoutError), UnderWay():
        raise TimeoutError
    assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]


async def test_a_task_may_end_the_request_that_it_serves() -> None:
    with pytest.raises(RelayLimitFault), UnderWay() as under_way:
        under_way.end(RelayLimitFault("too much"))
        await asyncio.sleep(LONG_S)
