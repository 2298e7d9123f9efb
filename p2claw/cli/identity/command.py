"""`p2claw identity`: shows who this box is, and changes the key by which it is."""

from __future__ import annotations

import click

from p2claw.agent.home.identity import load_identity
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.identity.backup import backup
from p2claw.cli.identity.recover import recover
from p2claw.cli.identity.rotate import rotate
from p2claw.cli.output import json_option, print_facts, print_json
from p2claw.cli.verb_group import VerbGroup
from p2claw.config import AgentConfig

_EXAMPLE = """
\b
Examples:
  p2claw identity --json
  p2claw identity rotate

\b
Exit codes: 0 shown, 1 there is no key yet, or it is damaged.
"""


class _IdentityGroup(VerbGroup):
    """Shows who the box is if no verb is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return click.Group.parse_args(self, ctx, args)


@click.group(cls=_IdentityGroup, invoke_without_command=True, epilog=_EXAMPLE)
@json_option
@click.pass_context
def identity(ctx: click.Context, as_json: bool) -> None:
    """Show the peer id of this box, its aliases, and the file of its key.

    The peer id is the public key. The key alias is made of it and proves itself; the alias is given
    by the coordinator and known while the agent runs. Make a recovery code, or keep a copy of the
    key file: with either, the names can be moved to another machine; without both, they are lost.
    """
    if ctx.invoked_subcommand is not None:
        return
    path = AgentConfig().identity_path
    key = load_identity(path)
    client = AgentClient()
    alias = client.ask("GET", "/v1/status").get("alias") if client.running() else None
    facts = {
        "peer_id": key.peer_id,
        "alias": alias,
        "key_alias": key.key_alias,
        "key_file": str(path),
        "key_changes": len(key.earlier_key_aliases),
        "first_peer_id": key.first_peer_id,
        "backup_peer_id": key.backup_peer_id,
    }
    if as_json:
        print_json(facts)
    else:
        print_facts([(name.replace("_", " "), value) for name, value in facts.items()])


for _verb in (rotate, backup, recover):
    identity.add_command(_verb)
