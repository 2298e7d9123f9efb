"""Lets one task wait until another part of the program wakes it."""

from __future__ import annotations

import asyncio


class Wakeup:
    """The wait of one task at a time.

    A wake without a waiting task is forgotten. So look for news first, and wait only if there is
    none.
    """

    __slots__ = ("_loop", "_waiter")

    def __init__(self) -> None:
        # Found at the first wait and kept: to look for it is a system call, getpid.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def is_awaited(self) -> bool:
        return self._waiter is not None

    async def wait(self) -> None:
        """Wait until the next wake."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
