"""A change that is made again and again, and killed at each of its lines: what is left of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def killed_at(line: int, change: Callable[[], object]) -> bool:
    """Make a change in a child that is killed at its n-th line; whether it was, before its end.

    A line is one of this program's. The child shares no thread and no open database with us.
    """
    child = os.fork()
    if child == 0:
        seen = 0

        def count(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal seen
            seen += event == "line" and "p2claw/" in frame.f_code.co_filename
            if seen == line:
                os.kill(os.getpid(), signal.SIGKILL)
            return count

        failed = 1
        try:
            sys.settrace(count)
            change()
            sys.settrace(None)
            failed = 0
        finally:
            os._exit(failed)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
