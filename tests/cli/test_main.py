"""The program itself: help, usage errors, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from p2claw import __version__
from p2claw.cli.main import p2claw as program
from p2claw.cli.verbs import VERBS
from tests.cli.program import argv_of, env_of, p2claw


def test_help_names_every_verb(home: Path) -> None:
    out = p2claw(home, "--help").out
    assert [verb for verb in VERBS if f"\n  {verb} " not in out] == []


def test_help_loads_no_verb() -> None:
    script = (
        "import sys; from p2claw.cli.main import main; main(['--help'])\n"
        "heavy = {'aiohttp', 'aiortc', 'cryptography', 'uvloop', 'asyncio'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example_and_its_exit_codes(verb: str) -> None:
    help_text = CliRunner().invoke(program, [verb, "--help"]).output
    missing = [
        part
        for part in ("Example", f"p2claw {verb}", "Exit codes:", "--json")
        if part not in help_text
    ]
    assert missing == []


def test_version_is_the_one_of_the_package(home: Path) -> None:
    assert p2claw(home, "--version").out.strip().endswith(__version__)


def test_an_unknown_verb_is_wrong_usage(home: Path) -> None:
    ran = p2claw(home, "exposse")
    assert (ran.code, ran.out) == (2, "")
    assert "exposse" in ran.err


def test_wrong_usage_is_json_when_json_was_asked_for(home: Path) -> None:
    ran = p2claw(home, "expose", "--json")
    assert ran.code == 2
    assert ran.error["code"] == "usage"
    assert ran.error["hint"] == "See `p2claw expose --help`"


def test_an_error_says_what_happened_its_code_and_what_to_do(home: Path) -> None:
    ran = p2claw(home, "status")
    first, second = ran.err.splitlines()
    assert first.startswith("error: No agent runs") and first.endswith("(agent-not-running)")
    assert second.strip() == "Start it with `p2claw run`"


def test_a_reader_that_goes_away_gives_no_stack_trace(home: Path) -> None:
    # `true` reads nothing, so the first write after its end finds no reader.
    command = f"(sleep 0.2; {' '.join(argv_of('doctor'))}) | true"
    done = subprocess.run(
        ["bash", "-c", command], env=env_of(home), capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr
