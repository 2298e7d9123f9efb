"""A timer of microseconds on a loop: uvloop's own are of milliseconds, too coarse for pacing."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from collections.abc import Callable

_libc = ctypes.CDLL(None, use_errno=True)
_ABSOLUTE = 1  # TFD_TIMER_ABSTIME
_NONBLOCKING = os.O_NONBLOCK | os.O_CLOEXEC


class _Setting(ctypes.Structure):
    """struct itimerspec."""

    _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns")]


class Timer:
    """Calls back once the time that was set last has come (timerfd_create(2))."""

    def __init__(self, expired: Callable[[], None]) -> None:
        self._descriptor = _libc.timerfd_create(time.CLOCK_MONOTONIC, _NONBLOCKING)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._expired = expired
        self._set_to: float | None = None
        asyncio.get_running_loop().add_reader(self._descriptor, self._on_readable)

    def set(self, at: float | None) -> None:
        """at: of time.monotonic(); what has passed is due at once. None: never."""
        if at == self._set_to:
            return
        self._set_to = at
        setting = _Setting()
        if at is not None:
            ns = max(1, round(at * 1e9))
            setting.at_s, setting.at_ns = divmod(ns, 10**9)
        if _libc.timerfd_settime(self._descriptor, _ABSOLUTE, ctypes.byref(setting), None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def _on_readable(self) -> None:
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            return  # it was set anew in between
        self._set_to = None
        self._expired()
