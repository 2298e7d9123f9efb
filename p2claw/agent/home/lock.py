"""The lock of a home: only one agent may run from it.

Two agents with one key would replace each other at the coordinator, again and again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from p2claw.errors import UsageError
from p2claw.file_lock import FileLock
from p2claw.private_file import make_private_directory
from p2claw.system_errors import is_full, reason_of, remedy_of


@contextmanager
def only_agent(path: Path, inherited: int | None = None) -> Iterator[int]:
    """Hold the lock at path while the block runs, which gets its descriptor; the kernel lets go of
    it once nobody has that, or a copy of it, any more. inherited: a copy, of a process before this.

    Raises UsageError `agent-running` if another process holds it, `home-unwritable`.
    """
    try:
        make_private_directory(path.parent)
        lock = FileLock(path) if inherited is None else FileLock.inherited(inherited)
    except BlockingIOError:
        other = path.read_text("ascii", "replace").strip() or "unknown"
        raise UsageError(
            f"Another agent runs from {path.parent} already (process {other})",
            code="agent-running",
            hint="`p2claw status` shows it; a second box needs its own P2CLAW_HOME",
        ) from None
    except OSError as error:
        raise _unwritable(path.parent, error) from None
    with lock:
        try:
            os.ftruncate(lock.descriptor, 0)
            os.pwrite(lock.descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise _unwritable(path.parent, error) from None
        yield lock.descriptor


def _unwritable(home: Path, error: OSError) -> UsageError:
    own = "Name a directory of your own with P2CLAW_HOME"
    return UsageError(
        f"The home {home} cannot be used: {reason_of(error)}",
        code="home-unwritable",
        hint=remedy_of(error) if is_full(error) else own,
    )
