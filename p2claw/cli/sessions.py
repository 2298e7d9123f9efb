"""`p2claw sessions`: lists who is visiting this box."""

from __future__ import annotations

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import (
    bytes_text,
    duration_text,
    json_option,
    print_json,
    print_note,
    print_table,
)

_EXAMPLE = """
\b
Example:
  p2claw sessions --json

\b
Exit codes: 0 listed, 4 no agent runs, or it does not respond.
"""


@click.command(epilog=_EXAMPLE)
@json_option
def sessions(as_json: bool) -> None:
    """List the links that are open now: to which app, by which path, and how much went through."""
    found = AgentClient().ask("GET", "/v1/sessions")
    if as_json:
        print_json(found)
        return
    if not found["sessions"]:
        print_note("nobody is visiting")
        return
    several = any(link["worker"] for link in found["sessions"])
    rows = [
        (
            link["id"],
            link["app"],
            link["path"],
            duration_text(link["age_s"]),
            link["streams"],
            bytes_text(link["bytes_in"]),
            bytes_text(link["bytes_out"]),
            bytes_text(link["relayed_in"] + link["relayed_out"]),
            None if link["rtt_ms"] is None else f"{link['rtt_ms']:.0f} ms",
            link["software"],
            *([link["worker"]] if several else []),
        )
        for link in found["sessions"]
    ]
    heads = ("ID", "APP", "PATH", "AGE", "STREAMS", "IN", "OUT", "RELAYED", "RTT", "SOFTWARE")
    print_table((*heads, "WORKER") if several else heads, rows)
