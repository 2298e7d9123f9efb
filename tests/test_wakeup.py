"""A wake ends a wait that is under way, and is not kept for the next."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.wakeup import PromptWakeup, Wakeup


async def waits(wakeup: PromptWakeup) -> None:
    await wakeup.wait()


async def test_a_wake_ends_the_wait_and_leaves_nothing_behind() -> None:
    wakeup = Wakeup()
    wakeup.wake()  # nobody waits: forgotten
    waiting = asyncio.ensure_future(wakeup.wait())
    await asyncio.sleep(0)
    assert wakeup.is_awaited and not waiting.done()
    wakeup.wake()
    wakeup.wake()
    await waiting
    assert not wakeup.is_awaited


async def test_a_wait_that_is_cancelled_can_be_begun_again() -> None:
    wakeup = Wakeup()
    waiting = asyncio.ensure_future(wakeup.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not wakeup.is_awaited
    again = asyncio.ensure_future(wakeup.wait())
    await asyncio.sleep(0)
    wakeup.wake()
    await again


async def test_a_prompt_wake_lets_the_task_run_before_it_returns() -> None:
    loop = asyncio.get_running_loop()
    wakeup = PromptWakeup(loop)
    seen: list[object] = []

    async def wait() -> None:
        await wakeup.wait()
        seen.append(asyncio.current_task())

    def wake() -> None:
        wakeup.wake_now()
        seen.append("woken")

    waiting = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    loop.call_soon(wake)
    await waiting
    assert seen == [waiting, "woken"]


@pytest.mark.parametrize("prompt", [False, True])
async def test_a_task_that_wakes_another_goes_on_first(prompt: bool) -> None:
    wakeup = PromptWakeup(asyncio.get_running_loop())
    waiting = asyncio.ensure_future(waits(wakeup))
    await asyncio.sleep(0)
    for _ in range(2):
        if prompt:
            wakeup.wake_now()
        else:
            wakeup.wake()
    assert not waiting.done()
    await waiting


async def test_a_prompt_wait_that_is_cancelled_or_times_out_can_be_begun_again() -> None:
    wakeup = PromptWakeup(asyncio.get_running_loop())
    waiting = asyncio.ensure_future(waits(wakeup))
    await asyncio.sleep(0)
    waiting.cancel()
    wakeup.wake_now()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await wakeup.wait()
    again = asyncio.ensure_future(waits(wakeup))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(wakeup.wake_now)
    await again


async def test_a_task_that_fails_after_a_prompt_wake_fails_alone() -> None:
    loop = asyncio.get_running_loop()
    wakeup = PromptWakeup(loop)

    async def fail() -> None:
        await wakeup.wait()
        raise ValueError("after the wake")

    failing = asyncio.ensure_future(fail())
    await asyncio.sleep(0)
    loop.call_soon(wakeup.wake_now)
    with pytest.raises(ValueError, match="after the wake"):
        await failing
