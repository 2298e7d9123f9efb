"""Runs a coroutine that becomes a task only when it has to, and mostly never does.

A task costs its object, an entry in the set of all tasks, a context, and a turn of the loop before
its first step. A coroutine that waits for a `PromptWakeup` alone needs none of that: whoever wakes
it lets it run. As soon as it waits for anything else, it is a task for the rest of its life.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any

from p2claw.wakeup import Waiter

_running: LateTask | None = None


class LateTask:
    """One coroutine; `begin` runs it until it waits for the first time.

    It is cancelled like a task, and from then on it is one.
    """

    __slots__ = ("_coroutine", "_loop", "_task", "_waits_for", "is_over")

    def __init__(
        self, coroutine: Coroutine[Any, None, None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._coroutine = coroutine
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self._waits_for: Waiter | None = None  # as long as it is no task
        self.is_over = False  # without having been a task

    def task(self) -> asyncio.Task[None]:
        """It as a task, from now on. Not to be called while it runs without one."""
        if self._task is None:
            waiter, self._waits_for = self._waits_for, None
            if waiter is None:
                self._task = self._loop.create_task(self._coroutine)  # it has not begun
            else:
                waiter.release()
                self._become(waiter)
        assert self._task is not None
        return self._task

    @property
    def is_running(self) -> bool:
        """Whether it runs right now, and without a task."""
        return _running is self

    def cancelling(self) -> int:
        """As of a task."""
        return 0 if self._task is None else self._task.cancelling()

    def cancel(self) -> bool:
        """As of a task."""
        return self.task().cancel()

    def uncancel(self) -> int:
        """As of a task."""
        return self.task().uncancel()

    def begin(self, waiter: Waiter | None = None) -> None:
        """Run it within this call, until it waits for the first time.

        waiter: calls this again, until it waits for the next time.
        """
        global _running
        if self._waits_for is not waiter:
            return  # it has become a task meanwhile
        self._waits_for = None
        before, _running = _running, self
        try:
            awaited = self._coroutine.send(None)
        except StopIteration:
            self.is_over = True
            return
        except asyncio.CancelledError:
            self.is_over = True
            return
        except Exception as error:
            self.is_over = True
            context = {"message": "fault in a late task", "exception": error}
            self._loop.call_exception_handler(context)
            return
        finally:
            _running = before
        if type(awaited) is Waiter:
            self._waits_for = awaited
            awaited.hold(self.begin)
        else:
            self._become(awaited)

    def _become(self, awaited: object) -> None:
        # Begun here, so that a cancellation before its first step reaches the coroutine.
        rest = _rest(self._coroutine, awaited)
        rest.send(None)
        self._task = self._loop.create_task(rest)


def running(loop: asyncio.AbstractEventLoop | None = None) -> LateTask | asyncio.Task[Any] | None:
    """What runs now: a late task that is none yet, or the current task of the loop."""
    return asyncio.current_task(loop) if _running is None else _running


async def in_task() -> None:
    """Let what runs be a task from here on: `asyncio.timeout`, for one, needs one."""
    if _running is not None:
        await _nothing()


@types.coroutine
def _nothing() -> Generator[None, None, None]:
    yield


async def _rest(coroutine: Coroutine[Any, None, None], awaited: object) -> None:
    """The rest of a coroutine, which awaits something."""
    await _gone_on(coroutine, awaited)


@types.coroutine
def _gone_on(
    coroutine: Coroutine[Any, None, None], awaited: object
) -> Generator[object, None, None]:
    # The first one is for whoever makes the task.
    for pause in (None, awaited):
        try:
            yield pause
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:
            yield from _thrown(coroutine, error)
            return
    yield from coroutine  # it goes on where it waits


@types.coroutine
def _thrown(
    coroutine: Coroutine[Any, None, None], error: BaseException
) -> Generator[object, None, None]:
    """The rest of a coroutine in which this is raised."""
    while True:
        try:
            awaited = coroutine.throw(error)
        except StopIteration:
            return
        try:
            yield awaited
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as another:
            error = another
        else:
            yield from coroutine  # it goes on where it waits
            return
