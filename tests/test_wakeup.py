"""A wake ends a wait that is under way, and is not kept for the next."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.wakeup import Wakeup


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
