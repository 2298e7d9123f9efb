"""Who runs on which core: the box that is measured has one, and everybody else shares the others.

Without that an attacker which takes a core takes it from the box, the neighbour and the app alike,
and what is measured is the scheduler of the system.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

# Of who attacks: the neighbour and its app come first on the cores that they share.
NICE = 10


class Cores:
    """is_on: whether there are two cores at least, and the system lets us choose."""

    def __init__(self, *, wanted: bool) -> None:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.is_on = wanted and len(cores) > 1
        self._of_box, self._of_others = set(cores[:1]), set(cores[1:])

    def box(self, *pids: int) -> None:
        """These are the box that is measured, and its coordinator."""
        self._put(pids, self._of_box)

    def others(self, *pids: int) -> None:
        """These are not attacked, or attack themselves: see also `behind`."""
        self._put(pids, self._of_others)

    def behind(self, *pids: int) -> None:
        """These run on the cores of the others when nobody else there has anything to do."""
        self.others(*pids)
        for pid in pids if self.is_on else ():
            # With autogroup a session is scheduled as one, and `nice` counts in it alone: sched(7).
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/autogroup").write_text(str(NICE))
            for thread in _threads(pid):
                os.setpriority(os.PRIO_PROCESS, thread, NICE)

    def _put(self, pids: Iterable[int], cores: set[int]) -> None:
        for pid in pids if self.is_on else ():
            for thread in _threads(pid):
                os.sched_setaffinity(thread, cores)


def _threads(pid: int) -> list[int]:
    """Of a process; those that it makes later run where their maker does."""
    return [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
