"""Lets one task wait until another part of the program wakes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context


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


class PromptWakeup:
    """The same, but for `wake_now` as well."""

    __slots__ = ("_loop", "_waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiter: Waiter | None = None

    def wait(self) -> Waiter:
        """Wait until the next wake: to be awaited at once."""
        waiter = self._waiter = Waiter(self._loop)
        return waiter

    def wake(self) -> None:
        if self._waiter is not None:
            self._waiter.wake(at_once=False)

    def wake_now(self) -> None:
        """Let the task run before this returns, which spares a turn of the loop.

        To be called by a callback of the loop as its last act: whatever it uses may have changed
        then. If a task is running, it is as `wake`.
        """
        if self._waiter is not None:
            self._waiter.wake(at_once=asyncio.current_task(self._loop) is None)


class Waiter:
    """What a task waits for: of a future what a task needs (asyncio.isfuture), and no more.

    A coroutine without a task waits for it as well: whoever runs it calls `hold`.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_context",
        "_is_cancelled",
        "_is_over",
        "_loop",
        "_step",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._loop = loop
        self._step: Callable[[Waiter], object] | None = None
        self._context: Context | None = None
        self._is_over = self._is_cancelled = False

    def __await__(self) -> Generator[Waiter, None, None]:
        self._asyncio_future_blocking = True
        yield self

    def wake(self, *, at_once: bool) -> None:
        """at_once: let the task run now; otherwise in the next turn of the loop."""
        if self._is_over:
            return
        self._is_over = True
        step, context = self._step, self._context
        if step is None:
            return  # a task is about to wait for it, and learns of it then
        if not at_once:
            self._loop.call_soon(step, self, context=context)
        elif context is None:
            step(self)
        else:
            context.run(step, self)

    def hold(self, step: Callable[[Waiter], object]) -> None:
        """Call step with this at the wake. The coroutine that waits has no task."""
        self._asyncio_future_blocking = False
        self._step = step

    def release(self) -> None:
        """A task is about to wait for it in place of that."""
        self._asyncio_future_blocking = True
        self._step = None

    # Called by the task.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def add_done_callback(self, step: Callable[[Waiter], object], *, context: Context) -> None:
        self._step, self._context = step, context
        if self._is_over:  # woken between two who waited
            self._loop.call_soon(step, self, context=context)

    def result(self) -> None:
        if self._is_cancelled:
            raise asyncio.CancelledError

    def cancel(self, msg: object = None) -> bool:
        """The task is cancelled: it runs in the next turn of the loop, as it would with others."""
        if self._is_over:
            return False
        self._is_cancelled = True
        self.wake(at_once=False)
        return True
