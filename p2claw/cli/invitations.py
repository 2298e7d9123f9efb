"""`p2claw invitations list|revoke`: the links by which visitors enter guarded apps."""

from __future__ import annotations

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import duration_text, json_option, print_json, print_note, print_table
from p2claw.cli.short_id import check_short_id
from p2claw.cli.verb_group import VerbGroup

_EXAMPLE = """
\b
Examples:
  p2claw invitations list --json
  p2claw invitations revoke 3f9a21c0

\b
Exit codes: 0 listed or revoked, 3 no such invitation, 4 no agent runs.
"""


@click.group(cls=VerbGroup, epilog=_EXAMPLE)
@json_option
def invitations(as_json: bool) -> None:
    """List the invitations to guarded apps, or revoke one."""


@invitations.command("list", epilog=_EXAMPLE)
@json_option
def list_them(as_json: bool) -> None:
    """Show all invitations: whom they are for, how often they were used, when they end."""
    found = AgentClient().ask("GET", "/v1/invitations")
    if as_json:
        print_json(found)
        return
    if not found["invitations"]:
        print_note("nobody is invited; `p2claw invite-visitor APP` makes a link")
        return
    rows = [
        (
            one["id"],
            one["app"],
            one["name"],
            f"{one['used']} of {one['uses']}",
            one["sessions"],
            duration_text(one["left_s"]) if one["left_s"] else "over",
        )
        for one in found["invitations"]
    ]
    print_table(("ID", "APP", "NAME", "USED", "INSIDE", "LEFT"), rows)


@invitations.command(epilog=_EXAMPLE)
@click.argument("id")
@json_option
def revoke(id: str, as_json: bool) -> None:
    """End the invitation ID, and at once everything that it let in."""
    code = "invitation-unknown"
    check_short_id(id, of="an invitation", code=code, listed_by="p2claw invitations list")
    gone = AgentClient().ask("DELETE", f"/v1/invitations/{id}")
    if as_json:
        print_json(gone)
    else:
        ended = gone["ended"]
        click.echo(f"{gone['id']} to {gone['app']} is revoked; {ended} who were inside are out")
