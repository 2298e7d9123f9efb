"""The commands in the skill, in llms.txt and on their page are commands that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

import p2claw
from p2claw.cli.verbs import VERBS, load_verb

TOP = Path(p2claw.__file__).parent.parent
PAGES = [TOP / "skills/p2claw/SKILL.md", TOP / "llms.txt", TOP / "docs/CODING_AGENTS.md"]
_COMMAND = re.compile(r"(?:^ *|`)(p2claw [a-z][^`#\n]*)", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]+)")


def commands() -> list[str]:
    found = {text.strip() for page in PAGES for text in _COMMAND.findall(page.read_text("utf-8"))}
    return sorted(found)


def test_there_are_some() -> None:
    assert len(commands()) > 20


@pytest.mark.parametrize("text", commands())
def test_a_command_is_one_of_the_program(text: str) -> None:
    _, verb, *words = shlex.split(text)
    assert verb in VERBS
    command = load_verb(verb)
    context = click.Context(command, info_name=verb)
    if isinstance(command, click.Group) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
        context = click.Context(command, parent=context)
    _, left, _ = command.make_parser(context).parse_args(args=words)
    assert left == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_to_a_file(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_a_skill_says_when_to_use_it() -> None:
    head = PAGES[0].read_text("utf-8").split("---")[1]
    described = re.search(r"^description: (.+)$", head, re.MULTILINE)
    assert re.search(r"^name: p2claw$", head, re.MULTILINE)
    assert described is not None
    assert len(described[1]) <= 1024
