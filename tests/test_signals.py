"""The tests pass however they are started: children get SIGINT as it is by default."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# As a shell starts a background job of a script (POSIX, Shell Command Language, 2.11).
IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
DEADLINE_S = 60


def test_a_child_ends_by_sigint() -> None:
    with subprocess.Popen(["sleep", str(DEADLINE_S)]) as child:
        child.send_signal(signal.SIGINT)
        assert child.wait() == -signal.SIGINT


def test_a_child_ends_by_sigint_in_a_run_that_ignores_it() -> None:
    only = f"{__file__}::{test_a_child_ends_by_sigint.__name__}"
    pytest = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", only)
    run = subprocess.run(
        [*IN_THE_BACKGROUND, *pytest],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "1 passed" in run.stdout
