"""`p2claw top`: its options, and how it goes on."""

from __future__ import annotations

import sys
import time

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import json_option, print_json, print_note
from p2claw.cli.top.looking import Look, between, look
from p2claw.cli.top.tables import month_lines, top_lines

ONCE_S = 1.0

_EXAMPLE = """
\b
Examples:
  p2claw top
  p2claw top --every 5
  p2claw top --once
  p2claw top --months
  p2claw top --json

\b
Exit codes: 0 shown, 4 no agent runs, or it does not respond, 130 ended by Ctrl-C.
"""


@click.command(epilog=_EXAMPLE)
@click.option(
    "--every",
    type=click.FloatRange(0.2, 3_600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often it looks.",
)
@click.option("--once", is_flag=True, help="Look for one second, print, and end.")
@click.option("--months", is_flag=True, help="Print what apps have moved in each month, and end.")
@json_option
def top(every: float, once: bool, months: bool, as_json: bool) -> None:
    """Watch who visits and what is moved, until Ctrl-C.

    Of each app the rates, and what it has moved this month, directly and through relays, beside its
    limit (`p2claw expose --monthly-bytes`). Of each visitor path, round trip, loss and rates. Where
    the output is no terminal, and with --json, it looks once.
    """
    agent = AgentClient()
    first = look(agent)
    if months and not as_json:
        _print_months(first)
    elif once or months or as_json or not sys.stdout.isatty():
        time.sleep(ONCE_S)
        facts = between(first, look(agent))
        if as_json:
            print_json(facts)
        else:
            click.echo("\n".join(top_lines(facts)))
    else:
        _watch(agent, first, every)


def _print_months(seen: Look) -> None:
    if seen.usage["usage"]:
        click.echo("\n".join(month_lines(seen.usage)))
    else:
        print_note("nothing has been moved yet")


def _watch(agent: AgentClient, before: Look, every_s: float) -> None:
    """Until Ctrl-C, or an error of the agent, which is raised after the screen is as it was."""
    from rich.console import Console  # only here: what looks once starts without it
    from rich.live import Live
    from rich.text import Text

    console = Console()
    wait_s = min(every_s, ONCE_S)
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(wait_s)
            wait_s, now = every_s, look(agent)
            lines = top_lines(between(before, now), height=console.height, width=console.width)
            live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)
            before = now
