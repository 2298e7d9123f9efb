"""A verb that a signal ends as Ctrl-C does: what is open is closed, and the other side knows."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import uvloop

_NUMBERS = (signal.SIGTERM, signal.SIGHUP)


def run_until_signal(work: Coroutine[Any, Any, int]) -> int:
    """The exit code of `work`, or 128 and the signal that ended it. SIGINT: KeyboardInterrupt."""
    came: list[signal.Signals] = []
    try:
        return uvloop.run(_ended_by(work, came))
    except asyncio.CancelledError:
        if not came:
            raise
        return 128 + came[0]


async def _ended_by(work: Coroutine[Any, Any, int], came: list[signal.Signals]) -> int:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def end(number: signal.Signals) -> None:
        came.append(number)
        task.cancel()

    for number in _NUMBERS:
        # Under nohup a program lives on when its terminal goes.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, end, number)
    return await work
