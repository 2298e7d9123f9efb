"""One agent a home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from p2claw.agent.home.lock import only_agent
from p2claw.errors import UsageError

_HOLD = """
import sys
from pathlib import Path
from p2claw.agent.home.lock import only_agent
with only_agent(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_can_be_had_again_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        with only_agent(tmp_path / "home" / "agent.lock"):
            pass


def test_a_second_agent_learns_which_one_runs(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    with only_agent(path), pytest.raises(UsageError) as caught, only_agent(path):
        pass
    assert caught.value.code == "agent-running"
    assert str(os.getpid()) in caught.value.message


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UsageError), only_agent(path):
            pass
        holder.kill()
        holder.wait(10)
    with only_agent(path):
        pass


def test_a_home_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(UsageError) as caught, only_agent(tmp_path / "home" / "agent.lock"):
        pass
    assert caught.value.code == "home-unwritable"
