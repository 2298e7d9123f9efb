"""docs/OPERATIONS.md names everything that can be set and seen: this fails where it has not."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import p2claw
from p2claw.agent.http.notices import KINDS
from p2claw.cli import exit_codes
from p2claw.cli.verbs import VERBS, load_verb
from p2claw.config import ServerLimits, SpoolLimits, UpstreamLimits
from p2claw.names import RESERVED_APPS

PACKAGE = Path(p2claw.__file__).parent
PAGE = (PACKAGE.parent / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part.partition("\n## ")[0] for part in PAGE.split("\n### ")}
LEVELS = ("debug", "info", "warning", "error", "fault")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every verb, and below its name also the verbs of a group."""
    for verb in VERBS:
        command = load_verb(verb)
        yield verb, command
        if isinstance(command, click.Group):
            yield from ((verb, below) for below in command.commands.values())


def options() -> Iterator[tuple[str, str]]:
    """Every option of every verb, but `--json`, which all have."""
    for verb, command in commands():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name != "as_json":
                yield from ((verb, flag) for flag in parameter.opts)


def phrases() -> Iterator[str]:
    """The phrase of every log line in the source."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
            ):
                assert isinstance(node.args[0], ast.Constant), f"{file}: not a fixed phrase"
                yield str(node.args[0].value)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_listed(verb: str) -> None:
    assert f"| `p2claw {verb}" in PAGE


@pytest.mark.parametrize("verb, flag", list(options()))
def test_every_option_stands_in_the_section_of_its_verb(verb: str, flag: str) -> None:
    assert f"`{flag}`" in SECTIONS[f"p2claw {verb}"]


def test_every_variable_of_an_option_is_named() -> None:
    named = [parameter.envvar for _, command in commands() for parameter in command.params]
    assert [name for name in named if name is not None and f"`{name}`" not in PAGE] == []


def test_every_log_phrase_is_explained() -> None:
    assert sorted({phrase for phrase in phrases() if f"`{phrase}`" not in PAGE}) == []


def test_every_notice_is_explained() -> None:
    assert [code for code in KINDS if f"\n| `{code}` |" not in PAGE] == []


def test_every_limit_of_the_configuration_is_named() -> None:
    fields = [
        field.name
        for limits in (ServerLimits, UpstreamLimits, SpoolLimits)
        for field in dataclasses.fields(limits)
    ]
    assert [name for name in fields if f"`{name}`" not in PAGE] == []


def test_every_exit_code_is_explained() -> None:
    codes = [value for value in vars(exit_codes).values() if isinstance(value, int)]
    assert [code for code in (0, *codes) if f"\n| {code} |" not in PAGE] == []


def test_every_reserved_name_is_listed() -> None:
    assert [name for name in sorted(RESERVED_APPS) if f"`{name}`" not in PAGE] == []
