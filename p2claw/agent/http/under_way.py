"""A request that is under way, and that the box may end before its response is whole.

Who ends one, and why, is decided elsewhere: its session is over, its app has used up its month.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from p2claw.agent.home.routes import Route
from p2claw.agent.request_faults import RequestFault
from p2claw.late_task import LateTask, running


class UnderWay:
    """The block in which a task serves a request; a context manager.

    It is one scope for all who may end the request, and costs little as long as nobody does.

    route: of its app. session: by which it was let in to that, "" if the app is open to everyone.
    at_end: called with this when the block ends, however it ends.
    loop: of the task, if it is at hand: to look for it is a system call. The task may be one late
    (`late_task.py`).
    """

    __slots__ = (
        *("_cancels", "_fault", "_has_ended", "_loop", "_task", "_timer", "_when"),
        *("at_end", "route", "session"),
    )

    def __init__(
        self,
        route: Route | None = None,
        session: str = "",
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = loop
        self.route = route
        self.session = session
        self.at_end: list[Callable[[UnderWay], object]] = []
        self._task: LateTask | asyncio.Task[None] | None = None
        self._cancels = 0  # that were requested of the task before the block
        self._fault: RequestFault | None = None
        self._timer: asyncio.Handle | None = None
        self._when = 0.0
        self._has_ended = False

    def end(self, fault: RequestFault, in_s: float = 0.0) -> None:
        """Let the block end with this fault in so many seconds, unless it is to end before."""
        loop = asyncio.get_running_loop()
        when = loop.time() + in_s
        if self._has_ended or (self._timer is not None and self._when <= when):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._fault, self._when = fault, when
        # Never at once: the task that runs now may be the one of the block.
        self._timer = loop.call_at(when, self._end) if in_s > 0 else loop.call_soon(self._end)

    def __enter__(self) -> UnderWay:
        self._task = task = running(self._loop)
        assert task is not None
        if type(task) is not LateTask:  # one that is no task yet was never cancelled
            self._cancels = task.cancelling()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for forget in self.at_end:
            forget(self)
        task, self._task = self._task, None
        if not self._has_ended or task is None:
            self._has_ended = True
            return
        # A cancellation that somebody else has requested as well goes on.
        if task.uncancel() <= self._cancels and kind is asyncio.CancelledError:
            assert self._fault is not None
            raise self._fault from error

    def _end(self) -> None:
        self._has_ended = True
        if self._task is not None:
            self._task.cancel()
