"""The program itself: help, usage errors, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from p2claw import __version__
from p2claw.cli.main import p2claw as program
from p2claw.cli.verbs import VERBS, load_verb
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


def commands() -> list[str]:
    """Every verb, and every verb of a verb: `config check`."""
    found = []
    for verb in VERBS:
        command = load_verb(verb)
        below = command.commands if isinstance(command, click.Group) else []
        found += [verb, *(f"{verb} {name}" for name in below)]
    return found


@pytest.mark.parametrize("verb", commands())
def test_every_verb_explains_itself_with_an_example_and_its_exit_codes(verb: str) -> None:
    help_text = CliRunner().invoke(program, [*verb.split(), "--help"]).output
    missing = [
        part
        for part in ("Example", f"p2claw {verb}", "Exit codes:", "--json")
        if part not in help_text
    ]
    assert missing == []


def test_version_is_the_one_of_the_package(home: Path) -> None:
    assert p2claw(home, "--version").out.strip().endswith(__version__)


def test_without_a_verb_help_is_printed_and_nothing_failed(home: Path) -> None:
    helped = p2claw(home, "--help")
    for arguments in ([], ["help"], ["--json"]):
        ran = p2claw(home, *arguments)
        assert (ran.code, ran.out, ran.err) == (0, helped.out, "")
    assert p2claw(home, "config").out == p2claw(home, "config", "--help").out


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["exposse"], "Did you mean `p2claw expose`?"),
        (["Status"], "Did you mean `p2claw status`?"),
        (["zzzz"], "See `p2claw --help`"),
        (["config", "chek"], "Did you mean `p2claw config check`?"),
        (["help", "doktor"], "Did you mean `p2claw doctor`?"),
        (["help", "run", "x"], "See `p2claw run --help`"),
    ],
)
def test_an_unknown_verb_is_wrong_usage_and_the_nearest_is_named(
    home: Path, arguments: list[str], meant: str
) -> None:
    ran = p2claw(home, *arguments, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error == {"code": "verb-unknown", "message": ran.error["message"], "hint": meant}


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["run", "--cordinator", "x"], "--coordinator"),
        (["expose", "dog", "3000", "--preserv-host"], "--preserve-host"),
        (["status", "--jsn"], "--json"),
        (["--verson"], "--version"),
        (["routes", "--hlep"], "--help"),
    ],
)
def test_an_unknown_option_is_wrong_usage_and_the_nearest_is_named(
    home: Path, arguments: list[str], meant: str
) -> None:
    ran = p2claw(home, *arguments)
    assert ran.code == 2
    assert f"Did you mean {meant}?" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "config", "check"],
        ["config", "--json", "check"],
        ["config", "check", "--json"],
    ],
)
def test_json_may_stand_anywhere(home: Path, arguments: list[str]) -> None:
    assert p2claw(home, *arguments).json == {"ok": True, "file": None, "problems": []}


def test_behind_two_hyphens_json_is_a_word_like_others(home: Path) -> None:
    ran = p2claw(home, "unexpose", "--", "--json")
    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        "error: '--json' is not an app name (app-name-invalid)",
    )


def test_help_of_a_verb_is_what_the_verb_prints_itself(home: Path) -> None:
    assert p2claw(home, "help", "config", "show").out == (
        p2claw(home, "config", "show", "--help").out
    )


def test_help_as_json_has_the_options(home: Path) -> None:
    facts = p2claw(home, "help", "run", "--json").json
    assert (facts["usage"], facts["verbs"]) == ("p2claw run", [])
    (level,) = [one for one in facts["options"] if one["names"] == ["--log-level"]]
    assert level == {
        "names": ["--log-level"],
        "help": "What is written to standard error.",
        "environment": "P2CLAW_LOG_LEVEL",
        "flag": False,
        "repeatable": False,
        "values": ["debug", "info", "warning", "error"],
    }
    assert p2claw(home, "help", "--json").json["verbs"] == list(VERBS)


# What each verb may load. Loading takes time before anything is printed; the data plane most of it.
HEAVY = {"asyncio", "aiohttp", "aiortc", "aioice", "uvloop", "p2claw.dataplane", "p2claw.link"}
AT_ONCE = sorted(set(VERBS) - {"demo", "fetch", "doctor"})


@pytest.mark.parametrize("verb", AT_ONCE)
def test_a_verb_that_needs_no_data_plane_loads_none(verb: str) -> None:
    script = (
        "import sys; from p2claw.cli.verbs import load_verb; load_verb(sys.argv[1])\n"
        f"sys.exit(', '.join({HEAVY!r} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, verb], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_wrong_usage_is_json_when_json_was_asked_for(home: Path) -> None:
    ran = p2claw(home, "expose", "--json")
    assert ran.code == 2
    assert ran.error["code"] == "usage"
    assert ran.error["hint"] == "See `p2claw expose --help`"


def test_an_error_shows_what_happened_its_code_what_to_do_and_how_to_read_more(home: Path) -> None:
    ran = p2claw(home, "status")
    first, second, third = ran.err.splitlines()
    assert first.startswith("error: No agent runs") and first.endswith("(agent-not-running)")
    assert second.strip() == "Start it with `p2claw run`"
    assert third.strip() == "`p2claw help agent-not-running` explains it"


def test_a_reader_that_goes_away_gives_no_stack_trace(home: Path) -> None:
    # `true` reads nothing, so the first write after its end finds no reader.
    command = f"(sleep 0.2; {' '.join(argv_of('doctor'))}) | true"
    done = subprocess.run(
        ["bash", "-c", command], env=env_of(home), capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr
