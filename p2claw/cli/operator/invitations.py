"""`p2claw server invite`, `invitations`, `uninvite`: codes by which new boxes may register."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from p2claw.cli.lasting import Lasting
from p2claw.cli.operator.asking import ask_server
from p2claw.cli.output import json_option, print_json, print_note, print_table

_INVITE = """
\b
Examples:
  p2claw server invite --uses 5 --for 7d --name "the class of 2026"
  p2claw server --config /etc/p2claw/p2claw.toml invite

\b
Exit codes: 0 made, 2 wrong usage, 4 no server runs, or it cannot be asked.
"""

_INVITATIONS = """
\b
Example:
  p2claw server invitations --json

\b
Exit codes: 0 listed, 4 no server runs, or it cannot be asked.
"""

_UNINVITE = """
\b
Example:
  p2claw server uninvite 3

\b
Exit codes: 0 withdrawn, 3 no such invitation, 4 no server runs, or it cannot be asked.
"""


@click.command(epilog=_INVITE)
@click.option(
    "--uses",
    type=click.IntRange(1, 100_000),
    default=1,
    show_default=True,
    help="How many new boxes may use it.",
)
@click.option(
    "--for",
    "lasts_s",
    type=Lasting(),
    metavar="TIME",
    help="How long it is good: 30m, 24h, 7d.  [default: for ever]",
)
@click.option("--name", default="", help="For your list: whom it is for.")
@json_option
@click.pass_context
def invite(
    context: click.Context, /, uses: int, lasts_s: int | None, name: str, as_json: bool
) -> None:
    """Make an invitation, and print its code, which is kept nowhere else."""
    asked = {"uses": uses, "lasts_s": lasts_s, "name": name}
    made = ask_server(context, "POST", "/v1/invitations", asked)
    if as_json:
        print_json(made)
        return
    click.echo(made["code"])
    print_note(f"for them: p2claw join URL --invite {made['code']}")
    if made["joining"] != "invite":
        print_note(f"this server asks for none: joining is {made['joining']!r}, not 'invite'")


@click.command(epilog=_INVITATIONS)
@json_option
@click.pass_context
def invitations(context: click.Context, /, as_json: bool) -> None:
    """List the invitations that were made, without their codes."""
    found = ask_server(context, "GET", "/v1/invitations")
    if as_json:
        print_json(found)
        return
    rows = [
        (str(one["id"]), f"{one['used']} of {one['uses']}", _until(one), one["name"])
        for one in found["invitations"]
    ]
    print_table(("ID", "USED", "GOOD UNTIL", "NAME"), rows)


@click.command(epilog=_UNINVITE)
@click.argument("number", type=click.IntRange(1), metavar="ID")
@json_option
@click.pass_context
def uninvite(context: click.Context, /, number: int, as_json: bool) -> None:
    """Withdraw the invitation ID at once. Boxes that have used it stay."""
    done = ask_server(context, "DELETE", f"/v1/invitations/{number}")
    if as_json:
        print_json(done)
    else:
        click.echo(f"invitation {number} is withdrawn")


def _until(one: dict[str, Any]) -> str:
    if one["withdrawn"]:
        return "withdrawn"
    if one["expires_s"] is None:
        return "for ever"
    return datetime.fromtimestamp(one["expires_s"], UTC).strftime("%Y-%m-%d %H:%M UTC")
