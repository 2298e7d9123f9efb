"""The verbs of the program: each is loaded when it is used, and not before."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its module, which is loaded when it is used, and its line in `p2claw --help`."""

    module: str
    summary: str


VERBS = {
    "demo": Verb("p2claw.cli.demo.command", "Publish a sample app, or your own, on this machine."),
    "join": Verb("p2claw.cli.join", "Join a coordinator: run registers there."),
    "leave": Verb("p2claw.cli.leave", "Forget a coordinator."),
    "run": Verb("p2claw.cli.run", "Run the agent of this box."),
    "share": Verb("p2claw.cli.share.command", "Give a port or a folder a URL while this runs."),
    "expose": Verb("p2claw.cli.expose", "Give an app on this machine its URL."),
    "unexpose": Verb("p2claw.cli.unexpose", "Stop exposing an app."),
    "invite-visitor": Verb("p2claw.cli.invite_visitor", "Make a link that lets visitors in."),
    "invitations": Verb("p2claw.cli.invitations", "List or revoke such links."),
    "access": Verb("p2claw.cli.access", "List who is inside guarded apps, or put one out."),
    "routes": Verb("p2claw.cli.routes", "List the apps of this box."),
    "alias": Verb("p2claw.cli.alias", "Choose the name of this box in its URLs."),
    "team": Verb("p2claw.cli.team", "Let several boxes respond for one alias."),
    "identity": Verb("p2claw.cli.identity.command", "Show who this box is."),
    "status": Verb("p2claw.cli.status", "Show how the agent is."),
    "sessions": Verb("p2claw.cli.sessions", "List who is visiting."),
    "top": Verb("p2claw.cli.top.command", "Watch visitors, rates and bytes per app and month."),
    "fetch": Verb("p2claw.cli.fetch.command", "Visit an app from the command line, as curl would."),
    "bench": Verb("p2claw.cli.bench.command", "Measure what the link to an app gives."),
    "doctor": Verb("p2claw.cli.doctor.command", "Find out what keeps it from working."),
    "service": Verb("p2claw.cli.service.command", "Keep the agent, or a server, running."),
    "server": Verb("p2claw.cli.server", "Run coordinator and edge."),
    "edge": Verb("p2claw.cli.edge.command", "Write the pages of apps for any web server."),
    "config": Verb("p2claw.cli.show_config", "Look at p2claw.toml."),
    "mcp": Verb("p2claw.cli.mcp_server.command", "Let a coding agent use this box, over MCP."),
    "completion": Verb("p2claw.cli.completion", "Let a shell complete verbs, options and names."),
    "help": Verb("p2claw.cli.help", "Show how a verb is used."),
}


def load_verb(name: str) -> click.Command:
    """The command of a verb. name: one of VERBS."""
    command = getattr(importlib.import_module(VERBS[name].module), name.replace("-", "_"))
    assert isinstance(command, click.Command)
    return command
