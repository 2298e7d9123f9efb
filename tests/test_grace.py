"""Waiting with a limit, in tasks that are being cancelled above all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from p2claw.grace import within


async def test_tells_whether_the_work_ended() -> None:
    assert await within(10, asyncio.sleep(0))
    assert not await within(0.01, asyncio.Event().wait())


async def test_work_that_is_late_is_cancelled() -> None:
    late = asyncio.ensure_future(asyncio.Event().wait())
    assert not await within(0.01, late)
    await asyncio.wait({late})
    assert late.cancelled()


async def test_raises_what_the_work_raised() -> None:
    async def fail() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await within(10, fail())


async def test_puts_away_to_the_end_in_a_task_that_was_cancelled() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def thing() -> AsyncIterator[None]:
        try:
            yield
        finally:
            steps.append("late" if not await within(0.01, asyncio.Event().wait()) else "in time")

    async def use() -> None:
        async with thing():
            steps.append("used")
            await asyncio.Event().wait()

    task = asyncio.create_task(use())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert steps == ["used", "late"]
    assert task.cancelled()
