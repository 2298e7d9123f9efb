"""A lock between processes: a file that one of them holds, until it closes it or dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

POLL_S = 0.02


class FileLock:
    """The exclusive lock of flock(2) on a file, which is made if it is missing."""

    def __init__(self, path: Path, *, wait_s: float = 0) -> None:
        """Take the lock, trying for wait_s seconds.

        The file should be nothing else: who replaces a file replaces its lock. Raises
        BlockingIOError if another process holds it to the end, OSError if it cannot be made.
        """
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock(time.monotonic() + wait_s)
        except BaseException:
            self.close()
            raise

    @classmethod
    def inherited(cls, descriptor: int) -> Self:
        """The lock that another process holds by a copy of this descriptor, and shares."""
        made = cls.__new__(cls)
        made.descriptor = descriptor
        return made

    def _lock(self, deadline: float) -> None:
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(POLL_S)
            else:
                return

    def close(self) -> None:
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
