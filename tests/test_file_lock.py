"""One process at a time, and the next as soon as that is gone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from p2claw.file_lock import FileLock

HOLDER = """
import sys, time
from pathlib import Path
from p2claw.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path), pytest.raises(BlockingIOError):
        FileLock(path)
    FileLock(path).close()


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    first = FileLock(tmp_path / "lock")
    threading.Timer(0.2, first.close).start()
    began = time.monotonic()
    FileLock(tmp_path / "lock", wait_s=30).close()
    assert time.monotonic() - began >= 0.15


def test_a_process_that_dies_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError):
            FileLock(path)
        holder.kill()
    FileLock(path, wait_s=5).close()


def test_a_file_that_cannot_be_made_is_another_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "missing" / "lock")
