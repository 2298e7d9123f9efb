"""`p2claw unexpose NAME`: ends the URL of an app."""

from __future__ import annotations

import click

from p2claw.agent.access.record import AccessFile
from p2claw.agent.home.routes import RouteFile
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.completing import apps
from p2claw.cli.output import json_option, print_json
from p2claw.config import AgentConfig
from p2claw.names import check_app

_EXAMPLE = """
\b
Example:
  p2claw unexpose dog

\b
Exit codes: 0 gone, 2 not a name, 3 no such app, 4 the agent does not respond.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("name", shell_complete=apps)
@json_option
def unexpose(name: str, as_json: bool) -> None:
    """Stop exposing the app NAME. The same name gets the same URL when it is exposed again."""
    check_app(name)
    client = AgentClient()
    running = client.running()
    if running:
        client.ask("DELETE", f"/v1/routes/{name}")
    else:
        config = AgentConfig()
        RouteFile(config.routes_path).remove(name)
        if config.access_path.exists():
            with AccessFile(config.access_path).changing() as ledger:
                ledger.forget(name)
    if as_json:
        print_json({"app": name, "agent_running": running})
    else:
        click.echo(f"{name} is no longer exposed")
