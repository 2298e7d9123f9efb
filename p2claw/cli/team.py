"""`p2claw team`: several boxes that respond for one alias."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import duration_text, json_option, print_json, print_note, print_table
from p2claw.cli.verb_group import VerbGroup

_EXAMPLE = """
\b
Examples:
  p2claw team invite PEER_ID     on the box that has the alias
  p2claw team join purplecrab    on the box that is to respond for it too
  p2claw team list --json

\b
Exit codes: 0 done, 2 it cannot be done, 4 no agent runs.
"""
_INVITE = """
\b
Example:
  p2claw team invite zy2d4bx7k3m5q6r2t4v7wa3c5e7g2i4k6m3o5q7s2u4w6y3a5c7e
  p2claw identity                shows the peer id of a box

\b
Exit codes: 0 invited; 2 it cannot be, or this box is not connected; 4 no agent runs.
"""
_REMOVE = """
\b
Example:
  p2claw team remove zy2d4bx7k3m5q6r2t4v7wa3c5e7g2i4k6m3o5q7s2u4w6y3a5c7e

\b
Exit codes: 0 removed; 2 it was not in the team, or this box is not connected, and then it is
removed as soon as it is; 4 no agent runs.
"""
_JOIN = """
\b
Example:
  p2claw team join purplecrab

\b
Exit codes: 0 joined; 2 no such alias, not invited, or not connected; 4 no agent runs.
"""
_LEAVE = """
\b
Example:
  p2claw team leave purplecrab

\b
Exit codes: 0 left; 2 no such alias, or not connected; 4 no agent runs.
"""
_LIST = """
\b
Example:
  p2claw team list --json

\b
Exit codes: 0 listed; 2 this box is not connected; 4 no agent runs.
"""


@click.group(cls=VerbGroup, epilog=_EXAMPLE)
@json_option
def team(as_json: bool) -> None:
    """Let several boxes respond for one alias: each visitor is given one that is online."""


@team.command(epilog=_INVITE)
@click.argument("peer_id")
@json_option
def invite(peer_id: str, as_json: bool) -> None:
    """Let the box PEER_ID respond for the alias of this one, once it has joined."""
    facts = _ask("PUT", f"/v1/team/{_path_part(peer_id)}")
    _show(facts, as_json=as_json)
    if not as_json:
        print_note(f"on that box: p2claw team join {facts['alias']}")


@team.command(epilog=_REMOVE)
@click.argument("peer_id")
@json_option
def remove(peer_id: str, as_json: bool) -> None:
    """Let the box PEER_ID respond for this one no more; its visitors move to the others."""
    _show(_ask("DELETE", f"/v1/team/{_path_part(peer_id)}"), as_json=as_json)


@team.command(epilog=_JOIN)
@click.argument("alias")
@json_option
def join(alias: str, as_json: bool) -> None:
    """Respond for ALIAS too, whose box has invited this one: expose the same apps here."""
    _show(_ask("PUT", f"/v1/teams/{_path_part(alias)}"), as_json=as_json)


@team.command(epilog=_LEAVE)
@click.argument("alias")
@json_option
def leave(alias: str, as_json: bool) -> None:
    """Respond for ALIAS no more. Links end, and visitors find another box of the team."""
    _show(_ask("DELETE", f"/v1/teams/{_path_part(alias)}"), as_json=as_json)


@team.command("list", epilog=_LIST)
@json_option
def list_them(as_json: bool) -> None:
    """Show who is in the team of this box, and in whose teams it is itself."""
    _show(_ask("GET", "/v1/team"), as_json=as_json)


def _ask(method: str, path: str) -> Any:
    return AgentClient().ask(method, path)


def _show(facts: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    now_s = time.time()
    rows = [("member", one["peer_id"], _state(one), _left(one, now_s)) for one in facts["members"]]
    rows += [
        ("in team", one["alias"], "joined" if one["joined"] else "invited", _left(one, now_s))
        for one in facts["teams"]
    ]
    if rows:
        print_table(("ROLE", "BOX", "STATE", "LEFT"), rows)
    else:
        print_note("nobody is in the team; `p2claw team invite PEER_ID` lets a box respond too")


def _state(one: Any) -> str:
    if not one["joined"]:
        return "invited"
    return "online" if one["online"] else "offline"


def _left(one: Any, now_s: float) -> str:
    left_s = one["expires_s"] - now_s
    return duration_text(left_s) if left_s > 0 else "over"


def _path_part(text: str) -> str:
    return quote(text.strip().lower(), safe="") or "%20"
