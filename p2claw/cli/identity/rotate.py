"""`p2claw identity rotate`: lets a new key follow the one of this box."""

from __future__ import annotations

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import json_option, print_facts, print_json, print_note

_EXAMPLE = """
\b
Example:
  p2claw identity rotate

\b
Exit codes: 0 the box has a new key; 1 it cannot be written; 2 it cannot be now: the box is not
connected, or has changed its key 64 times; 4 no agent runs.
"""


@click.command(epilog=_EXAMPLE)
@json_option
def rotate(as_json: bool) -> None:
    """Make a new key for this box, and let it follow the one of now, which is good no more.

    All names of the box stay, and so do links that are open. Whoever visited the box before, or has
    a link with `#k=` of an older key, follows by the statement that the old key makes. Copies of
    the key file from before are worth nothing afterwards: make a new one.
    """
    facts = AgentClient().ask("POST", "/v1/identity/rotate")
    if as_json:
        print_json(facts)
        return
    print_facts(
        [("peer id", facts["peer_id"]), ("key alias", facts["key_alias"]), ("was", facts["was"])]
    )
    if not facts["online"]:
        print_note("the coordinator does not know it yet: `p2claw status` shows when it does")
    print_note("copies of the key file from before are worth nothing now: make a new one")
