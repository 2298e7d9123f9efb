"""`p2claw join URL`: makes a coordinator one of this box's, after asking it who it is."""

from __future__ import annotations

from typing import Any

import click

from p2claw.agent.greeting import ask_coordinator
from p2claw.agent.home.coordinators import INVITE_CHARS, CoordinatorFile, Joined
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.completing import coordinators
from p2claw.cli.output import json_option, print_json, print_note, print_table
from p2claw.config import AgentConfig, check_coordinator
from p2claw.errors import UsageError

_EXAMPLE = """
\b
Examples:
  p2claw join https://apps.example.org
  p2claw join https://apps.example.org --invite k7dq-2mxa-ab3d-efgh-2345
  p2claw join --default https://apps.example.org
  p2claw join

\b
Exit codes: 0 joined, or listed; 1 the file is damaged, 2 not the address of a
coordinator, or no good invitation, 4 no coordinator responds there, or it accepts
no box that dials so.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("url", required=False, shell_complete=coordinators)
@click.option(
    "--default", is_flag=True, help="Of several, use this one where `p2claw run` names none."
)
@click.option(
    "--invite", metavar="CODE", default="", help="The invitation that the owner of URL gave you."
)
@json_option
def join(url: str | None, default: bool, invite: str, as_json: bool) -> None:
    """Join the coordinator at URL: `p2claw run` registers this box there from now on.

    The coordinator is asked who it is, and kept beside the key of this box. A box may join several;
    `p2claw run` then needs --at URL, or a default. An agent that runs stays where it is until it is
    started again. Without URL, lists what was joined.
    """
    file = CoordinatorFile(AgentConfig().coordinators_path)
    if url is None:
        if default or invite:
            raise click.UsageError("--default and --invite need a URL")
        _list(file.load(), as_json=as_json)
        return
    url = check_coordinator(url)
    before = file.load()
    _check_code(invite)
    greeting = ask_coordinator(url, invite)
    if invite and greeting.joins == "invite" and not greeting.invited:
        raise UsageError(
            "The invitation is used up, has expired, was withdrawn, or never was",
            code="invite-invalid",
            hint="Check how it is spelled, or ask for another",
        )
    joined = file.join(url, default=default, invite=invite)
    facts = {
        "coordinator": url,
        "version": greeting.version,
        "base": greeting.base,
        "already": url in before.urls,
        "joins": greeting.joins,
        "joined": list(joined.urls),
        "default": joined.default,
        "used": joined.usual,
    }
    if as_json:
        print_json(facts)
    else:
        _print(facts)
        _print_need(greeting.joins, joined.invite_of(url))


def _check_code(invite: str) -> None:
    """Raises UsageError `invite-invalid` for what no field of a request may hold."""
    if len(invite) > INVITE_CHARS or not (invite.isascii() and invite.isprintable()):
        raise UsageError("This is not the code of an invitation", code="invite-invalid")


def _print_need(joins: str, invite: str) -> None:
    """What a coordinator that is not open to all needs of a box that it does not know yet."""
    if joins == "invite" and not invite:
        print_note("it accepts new boxes by invitation: --invite CODE, unless it knows this one")
    elif joins == "listed":
        print_note("it accepts listed boxes: send its owner the peer id of `p2claw identity`")


def _list(joined: Joined, *, as_json: bool) -> None:
    if as_json:
        print_json({"joined": list(joined.urls), "default": joined.default, "used": joined.usual})
    elif not joined.urls:
        print_note("this box has joined no coordinator; `p2claw join https://…` joins one")
    else:
        rows = [(url, "yes" if url == joined.usual else "") for url in joined.urls]
        print_table(("COORDINATOR", "USED"), rows)


def _print(facts: dict[str, Any]) -> None:
    url = facts["coordinator"]
    click.echo(f"{'joined already' if facts['already'] else 'joined'}: {url}")
    click.echo(f"apps appear at {facts['base'].replace('{label}', '<app>-<alias>')}/")
    if facts["used"] is None:
        print_note(
            f"this box has joined {len(facts['joined'])} coordinators, and none is the default: "
            "`p2claw run --at URL` chooses, `p2claw join --default URL` makes one the default"
        )
    elif facts["used"] != url:
        print_note(f"`p2claw run` goes on using {facts['used']}; --default would change that")
    _print_next(url)


def _print_next(url: str) -> None:
    client = AgentClient()
    if not client.running():
        print_note("next: `p2claw run`, then `p2claw expose NAME PORT`")
        return
    there = client.ask("GET", "/v1/status")["coordinator"]["url"]
    if there != url:
        print_note(f"the agent that runs stays at {there} until it is started again")
