"""What is read seldom, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedReading(Generic[T]):
    """What `read` returned last, for `fresh_s` seconds. All who ask meanwhile share one reading.

    Nobody who gives up asking ends it for the others.
    """

    def __init__(self, read: Callable[[], Awaitable[T]], fresh_s: float) -> None:
        self._read = read
        self._fresh_s = fresh_s
        self._reading: asyncio.Task[T] | None = None
        self._begun_s = 0.0

    async def value(self) -> T:
        """Raises what `read` raises."""
        now_s = asyncio.get_running_loop().time()
        if self._reading is None or (
            self._reading.done() and now_s - self._begun_s >= self._fresh_s
        ):
            self._begun_s = now_s
            self._reading = asyncio.create_task(self._once())
        return await asyncio.shield(self._reading)

    async def _once(self) -> T:
        return await self._read()
