"""Runs the handler of a box, one task per request. It is cancelled if nobody wants the response.

A request with `keep` (docs/WIRE.md §4) goes on for a while after its link is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from p2claw.errors import P2clawError
from p2claw.link.stream import BoxStream
from p2claw.log import get_log
from p2claw.wire.frames.codes import Code

log = get_log("link")

Handler = Callable[[BoxStream], Awaitable[None]]

# How long a cancelled handler may take to clean up before it is reported and left behind.
CANCEL_TIMEOUT_S = 5.0

# As long as browsers keep a request whose page is gone.
KEEP_S = 30.0


class Handling:
    """The tasks of one link. Their number is bounded by the session's limit of open streams."""

    __slots__ = ("_handler", "_kept", "_tasks")

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._kept: set[asyncio.Task[None]] = set()

    def begin(self, stream: BoxStream) -> None:
        """Start the task of a request that just arrived."""
        task = asyncio.get_running_loop().create_task(self._run(stream))
        self._tasks[stream.id] = task
        if stream.request.keep:
            self._kept.add(task)
        task.add_done_callback(lambda _: self._forget(stream.id, task))

    def cancel(self, stream_id: int) -> None:
        """The visitor reset the stream. Nothing if its task has ended."""
        task = self._tasks.get(stream_id)
        if task is not None:
            task.cancel()

    def keep_none(self) -> None:
        """This side ends the link: requests with `keep` end too."""
        for task in self._kept:
            task.cancel()
        self._kept.clear()

    async def cancel_all(self) -> None:
        """The link is lost: end every task, those with `keep` a while later, and wait for them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            if task not in self._kept:
                task.cancel()
        try:
            if self._kept:
                await asyncio.wait(list(self._kept), timeout=KEEP_S)
        finally:
            for task in self._kept:
                task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CANCEL_TIMEOUT_S)
            for task in late:
                log.error("handler does not end", task=task.get_name())

    def _forget(self, stream_id: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(stream_id, None)
        self._kept.discard(task)

    async def _run(self, stream: BoxStream) -> None:
        try:
            await self._handler(stream)
        except P2clawError as error:
            # A reset by the visitor or a lost link is raised here by a read or write. Then the
            # reset below does nothing.
            log.debug("request ended", code=error.code)
            stream.reset(Code.INTERNAL)
        except Exception as error:
            log.fault("handler failed", error, method=stream.request.method)
            stream.reset(Code.INTERNAL)
        else:
            stream.finish()
