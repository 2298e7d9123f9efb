"""`p2claw routes`: lists the apps of this box, and their URLs if an agent runs."""

from __future__ import annotations

from typing import Any

import click

from p2claw.agent.home.routes import RouteFile, route_to_map, ways_of
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import guard_text, json_option, print_json, print_note, print_table
from p2claw.config import AgentConfig

_EXAMPLE = """
\b
Example:
  p2claw routes --json

\b
Exit codes: 0 listed, 1 the file is damaged, 4 the agent does not respond.
"""


@click.command(epilog=_EXAMPLE)
@json_option
def routes(as_json: bool) -> None:
    """List the apps of this box: name, upstream, URL."""
    client = AgentClient()
    running = client.running()
    urls: dict[str, dict[str, Any]] = {}
    if running:
        urls = {entry["app"]: entry for entry in client.ask("GET", "/v1/status")["apps"]}
    stored = RouteFile(AgentConfig().routes_path).load()
    listed = [
        {
            "app": app,
            **route_to_map(route),
            "guarded": ways_of(route),
            "url": urls.get(app, {}).get("url"),
            "key_url": urls.get(app, {}).get("key_url"),
        }
        for app, route in sorted(stored.items())
    ]
    if as_json:
        print_json({"routes": listed, "agent_running": running})
        return
    if listed:
        rows = [
            (entry["app"], entry["upstream"], guard_text(entry["guarded"]), entry["url"])
            for entry in listed
        ]
        print_table(("APP", "UPSTREAM", "ENTER BY", "URL"), rows)
    else:
        print_note("no app is exposed; `p2claw expose NAME PORT` exposes one")
    if not running:
        print_note("no agent runs; the apps are reachable when one does: p2claw run")
