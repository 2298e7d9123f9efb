"""`p2claw access list|end`: who was let into guarded apps, and the end of that."""

from __future__ import annotations

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import duration_text, json_option, print_json, print_note, print_table
from p2claw.cli.short_id import check_short_id
from p2claw.cli.verb_group import VerbGroup

_EXAMPLE = """
\b
Examples:
  p2claw access list --app dog
  p2claw access end 5be0c41a

\b
Exit codes: 0 listed or ended, 3 no such session, 4 no agent runs.
"""


@click.group(cls=VerbGroup, epilog=_EXAMPLE)
@json_option
def access(as_json: bool) -> None:
    """List who was let into guarded apps, or put one of them out.

    A session is one browser that entered by password, login or invitation. It is listed while it
    may come back, whether it is visiting just now or not: `p2claw sessions` lists links.
    """


@access.command("list", epilog=_EXAMPLE)
@click.option("--app", help="Only of this app.")
@json_option
def list_them(app: str | None, as_json: bool) -> None:
    """Show the sessions: whose they are, how they began, when they were last used."""
    found = AgentClient().ask("GET", "/v1/access")
    found["sessions"] = [one for one in found["sessions"] if app in (None, one["app"])]
    if as_json:
        print_json(found)
        return
    if not found["sessions"]:
        print_note("nobody is inside a guarded app")
        return
    rows = [
        (
            one["id"],
            one["app"],
            one["user"],
            f"invitation {one['invitation']}" if one["invitation"] else _WAYS[one["way"]],
            duration_text(one["idle_s"]),
            duration_text(one["left_s"]),
        )
        for one in found["sessions"]
    ]
    print_table(("ID", "APP", "USER", "BY", "LAST USED", "LEFT"), rows)


_WAYS = {"password": "password", "oidc": "login", "invitation": "invitation"}


@access.command(epilog=_EXAMPLE)
@click.argument("id")
@json_option
def end(id: str, as_json: bool) -> None:
    """Put out the session ID at once, with whatever it is downloading.

    Who knows the password, or is on the list of addresses, can enter again; one who was invited
    needs a use of the invitation that is left.
    """
    check_short_id(id, of="a session", code="session-unknown", listed_by="p2claw access list")
    gone = AgentClient().ask("DELETE", f"/v1/access/{id}")
    if as_json:
        print_json(gone)
    else:
        click.echo(f"{gone['user']} is out of {gone['app']}")
