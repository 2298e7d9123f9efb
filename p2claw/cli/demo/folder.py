"""The folder of a demo: private, and locked, so that only one demo uses it at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from p2claw.errors import UsageError
from p2claw.file_lock import FileLock
from p2claw.private_file import make_private_directory
from p2claw.system_errors import is_full, reason_of, remedy_of


@contextlib.contextmanager
def only_demo(data_dir: Path) -> Iterator[None]:
    """Make the folder, and hold it while the block runs.

    Raises UsageError `demo-running`, `data-unwritable`.
    """
    try:
        make_private_directory(data_dir)
        lock = FileLock(data_dir / "demo.lock")
    except BlockingIOError:
        raise UsageError(
            f"A demo runs from {data_dir} already",
            code="demo-running",
            hint="End that one, or name another folder with --data",
        ) from None
    except OSError as error:
        raise UsageError(
            f"{data_dir} cannot be used: {reason_of(error)}",
            code="data-unwritable",
            hint=(remedy_of(error) if is_full(error) else "") or "Name another folder with --data",
        ) from None
    with lock:
        yield
