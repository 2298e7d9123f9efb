"""Notices that this machine's clock is set: its time of day moves against what measures waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

# More than a clock is slewed by between two looks, and less than a refusal is about.
STEP_S = 1.0
LOOK_S = 0.5


async def clock_was_set(
    *,
    wall: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Return once the clock was set, by STEP_S or more. A machine that has slept counts too."""
    before_s = wall() - monotonic()
    while abs(wall() - monotonic() - before_s) < STEP_S:
        await sleep(LOOK_S)
