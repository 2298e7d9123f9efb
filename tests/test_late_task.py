"""Coroutines that become a task late, or never: what each sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from p2claw.late_task import LateTask, in_task, running
from p2claw.wakeup import PromptWakeup


class Waiting:
    """A coroutine that waits for one prompt wakeup, and what it has seen."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.wakeup = PromptWakeup(self.loop)
        self.seen: list[str] = []
        self.late = LateTask(self.run(), self.loop)

    async def run(self) -> None:
        try:
            await self.wakeup.wait()
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            raise
        self.seen.append("woken")


async def turns(count: int = 4) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
async def waiting() -> AsyncIterator[Waiting]:
    one = Waiting()
    one.late.begin()
    yield one
    await turns()


async def run(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run it late; its task, if it has become one."""
    late = LateTask(coroutine, asyncio.get_running_loop())
    late.begin()
    if late.is_over:
        return None
    await late.task()
    return late.task()


async def test_what_waits_for_nothing_is_over_at_once() -> None:
    seen: list[object] = []

    async def work() -> None:
        seen.append(asyncio.current_task() is before)

    before = asyncio.current_task()
    assert await run(work()) is None
    assert seen == [True]


async def test_what_is_woken_promptly_is_never_a_task(waiting: Waiting) -> None:
    waiting.loop.call_soon(waiting.wakeup.wake_now)
    await turns(1)
    assert (waiting.seen, waiting.late.is_over) == (["woken"], True)


async def test_a_wake_of_another_task_comes_in_the_next_turn(waiting: Waiting) -> None:
    waiting.wakeup.wake_now()
    assert waiting.seen == []
    await turns(1)
    assert waiting.seen == ["woken"]


async def test_what_waits_for_a_future_is_a_task_from_then_on() -> None:
    seen: list[object] = []

    async def work() -> None:
        await asyncio.sleep(0.001)
        seen.append(asyncio.current_task())

    task = await run(work())
    assert task is not None
    assert seen == [task]


async def test_what_asks_for_a_task_may_use_a_timeout() -> None:
    seen: list[object] = []

    async def work() -> None:
        late = running()
        assert isinstance(late, LateTask) and late.is_running
        await in_task()
        seen.append(running() is late.task())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.sleep(5)

    assert await run(work()) is not None
    assert seen == [True]


async def test_a_task_that_asks_for_one_goes_on_at_once() -> None:
    task = asyncio.current_task()
    await in_task()
    assert running() is task


async def test_one_that_waits_is_cancelled(waiting: Waiting) -> None:
    waiting.late.cancel()
    await turns()
    assert waiting.seen == ["cancelled"]
    assert waiting.late.task().cancelled()


async def test_one_that_was_woken_is_cancelled_before_it_runs(waiting: Waiting) -> None:
    waiting.wakeup.wake()
    waiting.late.cancel()
    await turns()
    assert waiting.seen == ["cancelled"]


async def test_one_that_becomes_a_task_while_it_is_woken_goes_on(waiting: Waiting) -> None:
    waiting.wakeup.wake()
    task = waiting.late.task()
    await turns()
    assert (waiting.seen, task.done()) == (["woken"], True)


async def test_one_that_became_a_task_is_woken_like_one(waiting: Waiting) -> None:
    task = waiting.late.task()
    await turns()
    waiting.loop.call_soon(waiting.wakeup.wake_now)
    await turns()
    assert (waiting.seen, task.done()) == (["woken"], True)


async def test_one_that_has_not_begun_and_is_cancelled_never_runs() -> None:
    waiting = Waiting()
    waiting.late.cancel()
    await turns()
    assert waiting.seen == []


async def test_what_is_awaited_after_a_cancellation_is_waited_for() -> None:
    seen: list[str] = []
    begun = PromptWakeup(asyncio.get_running_loop())

    async def work() -> None:
        try:
            await begun.wait()
        finally:
            await asyncio.sleep(0.001)
            await asyncio.sleep(0.001)
            seen.append("cleaned up")

    late = LateTask(work(), asyncio.get_running_loop())
    late.begin()
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late.task()
    assert seen == ["cleaned up"]


async def test_a_cancellation_that_is_taken_back_ends_nothing() -> None:
    begun = PromptWakeup(asyncio.get_running_loop())
    seen: list[int] = []

    async def work() -> None:
        late = running()
        assert isinstance(late, LateTask)
        try:
            await begun.wait()
        except asyncio.CancelledError:
            seen.append(late.uncancel())

    late = LateTask(work(), asyncio.get_running_loop())
    late.begin()
    assert late.cancelling() == 0
    late.cancel()
    assert late.cancelling() == 1
    await late.task()
    assert seen == [0]


async def test_a_fault_is_reported() -> None:
    reported: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(context))

    async def work() -> None:
        raise ValueError("no")

    LateTask(work(), loop).begin()
    assert [str(context["exception"]) for context in reported] == ["no"]
