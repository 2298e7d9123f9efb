"""`p2claw leave [URL]`: makes this box forget a coordinator."""

from __future__ import annotations

import click

from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.completing import coordinators
from p2claw.cli.output import json_option, print_json, print_note
from p2claw.config import AgentConfig, check_coordinator

_EXAMPLE = """
\b
Examples:
  p2claw leave
  p2claw leave https://apps.example.org

\b
Exit codes: 0 left, 1 the file is damaged, 2 not an address, or one of several
has to be named, 3 not joined.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("url", required=False, shell_complete=coordinators)
@json_option
def leave(url: str | None, as_json: bool) -> None:
    """Forget the coordinator at URL, or the only one that this box has joined.

    The key of the box stays, and with it the alias at that coordinator: who joins again gets the
    same URLs. An agent that runs stays registered until it is stopped.
    """
    file = CoordinatorFile(AgentConfig().coordinators_path)
    left = file.leave(url and check_coordinator(url))
    joined = file.load()
    facts = {
        "left": left,
        "joined": list(joined.urls),
        "default": joined.default,
        "used": joined.usual,
    }
    if as_json:
        print_json(facts)
        return
    click.echo(f"left: {left}")
    if joined.urls and joined.usual is None:
        print_note("`p2claw run` needs --at URL now, or a default: p2claw join --default URL")
    client = AgentClient()
    if client.running() and client.ask("GET", "/v1/status")["coordinator"]["url"] == left:
        print_note("the agent that runs stays registered there until it is stopped")
