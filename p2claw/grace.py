"""Waits for clean-up, but only up to a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable


async def within(limit_s: float, work: Awaitable[object]) -> bool:
    """Whether work ended in time; if not, it is cancelled. Raises what it raised.

    For clean-up. There the task is often one that was cancelled before, and in such a one
    `asyncio.timeout` ends in CancelledError under Python 3.11.2, which is Debian 12's.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=limit_s)
    finally:
        ended = task.done()
        if not ended:
            task.cancel()
    if ended:
        await task
    return ended
