"""The clocks of agent and server, set forward or back while they run, by a library of ours that is
preloaded (`clock.c`).

Only the time of day is changed: what a machine measures waits by never steps.
"""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
_BYTES = 8


def built(folder: Path) -> Path:
    """The library, compiled into this folder."""
    library = folder / "clock.so"
    compiler = os.environ.get("CC", "cc")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    return library


class Clock:
    """The clock of one process. file: made here; it holds how far the clock is off."""

    def __init__(self, file: Path, library: Path) -> None:
        self._library = library
        self._file = file
        file.write_bytes(bytes(_BYTES))
        with file.open("r+b") as opened:
            self._seconds = mmap.mmap(opened.fileno(), _BYTES)

    def step(self, seconds: int) -> None:
        """Set it so many seconds beside the true time, at once."""
        self._seconds[:] = seconds.to_bytes(_BYTES, sys.byteorder, signed=True)

    def environment(self) -> dict[str, str]:
        """For the process, when it is started."""
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._file)}
