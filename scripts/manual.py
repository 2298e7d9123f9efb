"""The man page as Markdown, made of what `--help` shows: every verb with its options and examples.

Files and variables that all verbs share stand here; those of one option are in its own text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from p2claw.cli.verbs import VERBS, load_verb

# Of Markdown; what stands between backticks is code already.
SPECIAL = re.compile(r"([\\*_<>\[\]#|$~^])")
CODE = re.compile(r"(`[^`]*`)")

HEAD = """# p2claw

## Synopsis

`p2claw VERB [OPTIONS] [ARGUMENTS]`

## Description

p2claw gives a web app on this machine, which is called a box, a URL that stays. A visitor opens it
in an ordinary browser. The bytes go straight between the two machines, over WebRTC; a server, which
anybody can run, introduces them. `p2claw share 3000` shows how it feels, and `p2claw demo` needs no
server elsewhere.

`p2claw VERB --help` shows what is below. `--json` has every verb print the same facts as one JSON
value.

## Verbs
"""

TAIL = """## Exit codes

`0`
: It is done. The verbs name others of theirs.

`1`
: It failed, or something that was looked at is not as it should be.

`2`
: Options or arguments that cannot be.

`3`
: There is no such app, box, invitation or the like.

`4`
: The agent, the server or the box does not respond.

`5`
: The box has another key than the one that was expected.

`6`
: `fetch --fail`: the status of the response is 400 or above.

`130`
: Interrupted.

## Errors

An error ends in a code, such as `app-down`. `p2claw help app-down` shows what it means, and what to
do.

## Files

`~/.p2claw`
: The key of this box, its apps, and what it remembers.

`~/.config/p2claw/p2claw.toml`, `/etc/p2claw/p2claw.toml`
: Options of `run` and `server`. `p2claw config show` prints where each is from.

## Environment

`P2CLAW_HOME`
: Another folder than `~/.p2claw`: a second one is a second box.

`P2CLAW_CONFIG`
: Another file of options.
"""


def manual() -> Iterator[str]:
    """The parts of the page, one after the other."""
    yield HEAD
    for name, verb in VERBS.items():
        command = load_verb(name)
        yield from _section(command, f"p2claw {name}", verb.summary)
    yield TAIL


def _section(command: click.Command, path: str, summary: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield f"### {path}\n\n{_plain(summary)}\n"
    yield f"`{path} {' '.join(command.collect_usage_pieces(context))}`\n"
    for paragraph in _paragraphs(command.help or ""):
        yield f"{_plain(paragraph)}\n"
    for parameter in command.get_params(context):
        names, text = parameter.get_help_record(context) or ("", "")
        if text and names != "--help":
            yield f"`{names}`\n: {_plain(text)}\n"
    yield from _epilog(command.epilog or "")
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _section(below, f"{path} {name}", below.get_short_help_str(200))


def _epilog(text: str) -> Iterator[str]:
    """Its examples as they are, what else is there as text."""
    for block in text.split("\n\n"):
        lines = block.replace("\b", "").strip("\n").splitlines()
        if lines and all(line.startswith("  ") for line in lines[1:]) and len(lines) > 1:
            yield f"{lines[0]}\n\n```text\n" + "\n".join(line[2:] for line in lines[1:]) + "\n```\n"
        elif lines:
            yield f"{_plain(' '.join(lines))}\n"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.replace("\b", "").split("\n\n"):
        if paragraph.strip():
            yield " ".join(paragraph.split())


def _plain(text: str) -> str:
    parts = CODE.split(text)
    return "".join(part if part.startswith("`") else SPECIAL.sub(r"\\\1", part) for part in parts)
