"""`p2claw identity`: shows who this box is."""

from __future__ import annotations

import click

from p2claw.agent.home.identity import load_identity
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import json_option, print_facts, print_json
from p2claw.config import AgentConfig

_EXAMPLE = """
\b
Example:
  p2claw identity --json

\b
Exit codes: 0 shown, 1 there is no key yet, or it is damaged.
"""


@click.command(epilog=_EXAMPLE)
@json_option
def identity(as_json: bool) -> None:
    """Show the peer id of this box, its aliases, and the file of its key.

    The peer id is the public key. The key alias is made of it and proves itself; the alias is given
    by the coordinator and known while the agent runs. Keep a copy of the key file: with the key, an
    alias can be moved to another machine; without it, it is lost.
    """
    path = AgentConfig().identity_path
    key = load_identity(path)
    client = AgentClient()
    alias = client.ask("GET", "/v1/status").get("alias") if client.running() else None
    facts = {
        "peer_id": key.peer_id,
        "alias": alias,
        "key_alias": key.key_alias,
        "key_file": str(path),
    }
    if as_json:
        print_json(facts)
    else:
        print_facts([(name.replace("_", " "), value) for name, value in facts.items()])
