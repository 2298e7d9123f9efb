"""`p2claw alias`: under which names this box is known, and choosing one."""

from __future__ import annotations

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import json_option, print_facts, print_json, print_note
from p2claw.cli.verb_group import VerbGroup

_EXAMPLE = """
\b
Examples:
  p2claw alias claim crab
  p2claw identity

\b
Exit codes: 0 done, 2 the alias cannot be had, 4 no agent runs.
"""

_CLAIM = """
\b
Example:
  p2claw alias claim crab

\b
Exit codes: 0 it is this box's own; 2 it is taken, reserved or no alias, or the box has
chosen another, or is not connected; 4 no agent runs.
"""


@click.group(cls=VerbGroup, epilog=_EXAMPLE)
@json_option
def alias(as_json: bool) -> None:
    """Choose the name of this box in its URLs. `p2claw identity` shows the names that it has."""


@alias.command(epilog=_CLAIM)
@click.argument("name")
@json_option
def claim(name: str, as_json: bool) -> None:
    """Make NAME the alias of this box at its coordinator, for ever: 4 to 20 letters, a to z.

    A box chooses once. The URLs that it had before go on leading to it.
    """
    facts = AgentClient().ask("PUT", f"/v1/aliases/{_path_part(name)}")
    if as_json:
        print_json(facts)
        return
    print_facts(
        [("alias", facts["alias"]), ("also", ", ".join(facts["others"])), ("url", facts["url"])]
    )
    print_note("`p2claw routes` shows the new URLs of the apps; the old ones stay")


def _path_part(name: str) -> str:
    from urllib.parse import quote

    return quote(name.lower(), safe="") or "%20"
