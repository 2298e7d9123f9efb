"""Completion: the scripts for three shells, and what they offer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from p2claw.cli.completion import SHELLS
from p2claw.cli.verbs import VERBS
from tests.cli.program import env_of, p2claw


def offered(home: Path, *line: str) -> list[str]:
    """What bash would offer for the last word of a line."""
    env = env_of(
        home,
        _P2CLAW_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(line),
        COMP_CWORD=str(len(line) - 1),
    )
    done = subprocess.run(
        [sys.executable, "-c", "from p2claw.cli.main import main; main()"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return [text.partition(",")[2] for text in done.stdout.split()]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script(home: Path, shell: str) -> None:
    ran = p2claw(home, "completion", shell)
    assert ran.code == 0
    assert f"_P2CLAW_COMPLETE={shell}_complete" in ran.out
    assert p2claw(home, "completion", shell, "--json").json == {
        "shell": shell,
        "script": ran.out.removesuffix("\n"),
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_can_read_its_script(home: Path, tmp_path: Path, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(p2claw(home, "completion", shell).out)
    done = subprocess.run([program, "-n", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_another_shell_is_wrong_usage(home: Path) -> None:
    ran = p2claw(home, "completion", "tcsh", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_verbs_are_completed(home: Path) -> None:
    assert offered(home, "p2claw", "") == list(VERBS)
    assert offered(home, "p2claw", "un") == ["unexpose"]
    assert offered(home, "p2claw", "config", "") == ["check", "show"]


def test_options_are_completed(home: Path) -> None:
    assert offered(home, "p2claw", "run", "--co") == ["--coordinator", "--config"]
    assert offered(home, "p2claw", "run", "--log-level", "d") == ["debug"]


def test_apps_of_the_box_are_completed(home: Path) -> None:
    p2claw(home, "expose", "dog", "3000")
    p2claw(home, "expose", "cat", "3001")
    assert offered(home, "p2claw", "unexpose", "d") == ["dog"]


def test_coordinators_that_were_joined_are_completed(home: Path) -> None:
    url = "https://a.example"
    (home / "coordinators.json").write_text(
        f'{{"version": 1, "joined": [{{"url": "{url}"}}], "default": null}}'
    )
    (home / "coordinators.json").chmod(0o600)
    assert offered(home, "p2claw", "leave", "") == [url]
    assert offered(home, "p2claw", "run", "--at", "h") == [url]


def test_what_cannot_be_read_is_not_offered_and_nothing_is_printed(home: Path) -> None:
    for name in ("routes.json", "coordinators.json"):
        (home / name).write_text("{")
        (home / name).chmod(0o600)
    assert offered(home, "p2claw", "unexpose", "") == []
    assert offered(home, "p2claw", "leave", "") == []
