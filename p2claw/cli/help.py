"""`p2claw help [VERB or CODE]`: the text of `--help`, options of a verb, what an error means."""

from __future__ import annotations

from typing import Any

import click

from p2claw.cli.errors.pages import error_pages
from p2claw.cli.output import json_option, print_json
from p2claw.cli.verb_group import VerbGroup, nearest
from p2claw.cli.verbs import VERBS
from p2claw.errors import UsageError

_EXAMPLE = """
\b
Examples:
  p2claw help
  p2claw help config show
  p2claw help run --json
  p2claw help app-down

\b
Exit codes: 0 shown, 2 no such verb and no such code.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("verb", nargs=-1)
@json_option
@click.pass_context
def help(context: click.Context, /, verb: tuple[str, ...], as_json: bool) -> None:
    """Show how the program is used, or one VERB of it; or what the CODE of an error means."""
    if len(verb) == 1 and verb[0] not in VERBS:
        _show_code(verb[0], as_json=as_json)
        return
    found = context.find_root()
    for name in verb:
        group = found.command
        if not isinstance(group, VerbGroup):
            raise UsageError(
                f"`{found.command_path}` has no verbs of its own",
                code="verb-unknown",
                hint=f"See `{found.command_path} --help`",
            )
        found = click.Context(group.verb(found, name), parent=found, info_name=name)
    if as_json:
        print_json(_facts(found))
    else:
        click.echo(found.get_help())


def _show_code(code: str, *, as_json: bool) -> None:
    """Raises UsageError `verb-unknown`."""
    pages = error_pages()
    if code not in pages:
        meant = nearest(code, [*VERBS, *pages])
        path = "p2claw " if meant in VERBS else "p2claw help "
        raise UsageError(
            f"There is no verb and no code of an error {code!r}",
            code="verb-unknown",
            hint=f"Did you mean `{path}{meant}`?" if meant else "See `p2claw --help`",
        )
    page = pages[code]
    if as_json:
        print_json({"code": page.code, "means": page.means, "do": page.do})
    else:
        click.echo(page.text())


def _facts(found: click.Context) -> dict[str, Any]:
    group = found.command
    verbs = group.list_commands(found) if isinstance(group, VerbGroup) else []
    return {
        "usage": found.command_path,
        "verbs": verbs,
        "options": [_option(one) for one in group.params if isinstance(one, click.Option)],
        "text": found.get_help(),
    }


def _option(option: click.Option) -> dict[str, Any]:
    kind = option.type
    return {
        "names": option.opts,
        "help": option.help or "",
        "environment": option.envvar,
        "flag": option.is_flag,
        "repeatable": option.multiple,
        "values": list(kind.choices) if isinstance(kind, click.Choice) else None,
    }
