"""Runs the handler of a box, one task per request. It is cancelled if nobody wants the response.

A handler may be prompt: then a request without a body begins at once, and is a task only if it has
to be one (`late_task.py`).

A request with `keep` (docs/WIRE.md §4) goes on for a while after its link is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from p2claw.errors import P2clawError
from p2claw.late_task import LateTask
from p2claw.link.keeping import KeptPlaces
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
    """The tasks of one link. Their number is bounded by the session's limit of open streams.

    places: for those that are to be kept once the link is lost; None: as many as there are.
    is_prompt: the handler calls `in_task` before whatever needs a task.
    """

    __slots__ = ("_ending", "_handler", "_is_prompt", "_kept", "_loop", "_places", "_tasks")

    def __init__(
        self, handler: Handler, places: KeptPlaces | None = None, *, is_prompt: bool = False
    ) -> None:
        self._handler = handler
        self._is_prompt = is_prompt
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._tasks: dict[int, LateTask] = {}
        self._ending: set[asyncio.Task[None]] = set()  # cancelled, and perhaps still cleaning up
        # In the order in which they came.
        self._kept: dict[asyncio.Task[None], None] = {}

    def begin(self, stream: BoxStream) -> None:
        """Start the task of a request that just arrived."""
        late = self._tasks[stream.id] = LateTask(self._run(stream), self._loop)
        if stream.request.keep:
            self._kept[task := late.task()] = None
            task.add_done_callback(self._keep_no_more)
        elif self._is_prompt and stream.request_ended:
            late.begin()
        else:
            late.task()

    def cancel(self, stream_id: int) -> None:
        """The visitor reset the stream. Nothing if its task has ended."""
        late = self._tasks.get(stream_id)
        if late is None:
            return
        if late.is_running:
            self._loop.call_soon(self.cancel, stream_id)
            return
        # One that has not begun yet never runs, and so does not forget itself.
        del self._tasks[stream_id]
        late.cancel()
        self._ending.add(late.task())
        late.task().add_done_callback(self._ending.discard)

    def keep_none(self) -> None:
        """This side ends the link: requests with `keep` end too."""
        for task in self._kept:
            task.cancel()
        self._kept.clear()

    async def cancel_all(self) -> None:
        """The link is lost: end every task, those with `keep` a while later, and wait for them."""
        tasks = [*(late.task() for late in self._tasks.values()), *self._ending]
        kept = list(self._kept)
        room = len(kept) if self._places is None else self._places.reserve(len(kept))
        if room < len(kept):
            log.info("requests not kept", code="box-busy", requests=len(kept) - room)
        for task in tasks:
            if task not in kept[:room]:
                task.cancel()
        try:
            if room:
                await asyncio.wait(kept[:room], timeout=KEEP_S)
        finally:
            for task in kept[:room]:
                task.cancel()
            if self._places is not None:
                self._places.give(room)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CANCEL_TIMEOUT_S)
            for task in late:
                log.error("handler does not end", task=task.get_name())

    def _keep_no_more(self, task: asyncio.Task[None]) -> None:
        self._kept.pop(task, None)

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
        finally:
            self._tasks.pop(stream.id, None)
