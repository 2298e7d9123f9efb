"""The small queue: order, waiting, and a reader that gives up."""

from __future__ import annotations

import asyncio

import pytest

from p2claw.link.ice.mailbox import Mailbox

DEADLINE_S = 10


async def test_items_come_in_order() -> None:
    box: Mailbox[int] = Mailbox()
    for item in (1, 2, 3):
        box.put_nowait(item)
    assert box.qsize() == 3
    assert [await box.get(), await box.get()] == [1, 2]
    assert (box.drain(), box.qsize()) == ([3], 0)


async def test_a_reader_waits_for_what_comes_later() -> None:
    box: Mailbox[int] = Mailbox()
    reading = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    # Two before the reader's turn comes: the second is for the next one.
    box.put_nowait(1)
    box.put_nowait(2)
    assert await asyncio.wait_for(reading, DEADLINE_S) == 1
    assert await box.get() == 2


async def test_a_reader_that_gives_up_reads_nothing() -> None:
    box: Mailbox[int] = Mailbox()
    reading = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    box.put_nowait(1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.wait_for(box.get(), DEADLINE_S) == 1
