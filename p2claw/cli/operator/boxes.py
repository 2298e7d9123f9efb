"""`p2claw server boxes`, `ban`, `unban`, `quota`: the boxes of a server, and what each may."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from p2claw.cli.byte_size import ByteSize
from p2claw.cli.operator.asking import ask_server, box_path
from p2claw.cli.output import bytes_text, json_option, print_facts, print_json, print_table

_BOXES = """
\b
Example:
  p2claw server boxes --json

\b
Exit codes: 0 listed, 4 no server runs, or it cannot be asked.
"""

_BAN = """
\b
Example:
  p2claw server ban purplecrab --reason "phishing, reported on Monday"

\b
Exit codes: 0 banned, 3 no such box, 4 no server runs, or it cannot be asked.
"""

_UNBAN = """
\b
Example:
  p2claw server unban purplecrab

\b
Exit codes: 0 let in again, 3 no such box, or it is not banned, 4 no server runs.
"""

_QUOTA = """
\b
Examples:
  p2claw server quota purplecrab --apps 5 --visits 60 --relay no
  p2claw server quota purplecrab --apps any
  p2claw server quota purplecrab --relayed-per-month 50GB --relayed-per-day 5GB
  p2claw server quota purplecrab

\b
Exit codes: 0 set, or shown; 2 wrong usage, 3 no such box, 4 no server runs.
"""


class _CountOrAny(click.ParamType[Any]):
    """A whole number, or `any`, which is as every box."""

    name = "count"

    def __init__(self, least: int, most: int) -> None:
        self._range = click.IntRange(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return "any" if value == "any" else self._range.convert(value, param, ctx)


class _SizeOrAny(click.ParamType[Any]):
    """A number of bytes, or `any`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return "any" if value == "any" else ByteSize().convert(value, param, ctx)


@click.command(epilog=_BOXES)
@json_option
@click.pass_context
def boxes(context: click.Context, /, as_json: bool) -> None:
    """List the boxes that ever registered, and keys that are banned."""
    found = ask_server(context, "GET", "/v1/boxes")
    if as_json:
        print_json(found)
        return
    rows = [
        (box["alias"] or "–", _state(box), box["apps"], _moved(box), _since(box), box["peer_id"])
        for box in found["boxes"]
    ]
    print_table(("ALIAS", "STATE", "APPS", "RELAYED", "SINCE", "PEER ID"), rows)


@click.command(epilog=_BAN)
@click.argument("box")
@click.option("--reason", default="", help="For your list; it is not sent to the box.")
@json_option
@click.pass_context
def ban(context: click.Context, /, box: str, reason: str, as_json: bool) -> None:
    """Keep BOX out, by alias, key alias or peer id: nobody new reaches its apps from now on.

    Links that are open lead straight from visitor to box and live on until they end.
    """
    done = ask_server(context, "PUT", box_path("bans", box), {"reason": reason})
    if as_json:
        print_json(done)
    else:
        was = "it was online" if done["was_online"] else "it was not online"
        click.echo(f"{done['alias'] or done['peer_id']} is banned; {was}")


@click.command(epilog=_UNBAN)
@click.argument("box")
@json_option
@click.pass_context
def unban(context: click.Context, /, box: str, as_json: bool) -> None:
    """Let BOX in again; its agent comes back within a minute."""
    done = ask_server(context, "DELETE", box_path("bans", box))
    if as_json:
        print_json(done)
    else:
        click.echo(f"{done['alias'] or done['peer_id']} may come back")


@click.command(epilog=_QUOTA)
@click.argument("box")
@click.option("--apps", type=_CountOrAny(0, 256), help="How many apps it may have, or any.")
@click.option(
    "--visits", type=_CountOrAny(1, 1_000_000), help="Visits per minute, or any: as every box."
)
@click.option(
    "--relayed-per-month",
    type=_SizeOrAny(),
    metavar="SIZE",
    help="How much TURN may move for it per month, as 50GB, or any.",
)
@click.option(
    "--relayed-per-day",
    type=_SizeOrAny(),
    metavar="SIZE",
    help="The same per day of UTC.",
)
@click.option("--relay", type=click.Choice(["yes", "no"]), help="Whether visits may use TURN.")
@json_option
@click.pass_context
def quota(
    context: click.Context,
    /,
    box: str,
    apps: int | str | None,
    visits: int | str | None,
    relayed_per_month: int | str | None,
    relayed_per_day: int | str | None,
    relay: str | None,
    as_json: bool,
) -> None:
    """Set what BOX may have, or show it. Apps above its quota are refused when it next announces.

    Without TURN, visitors whom no direct path reaches do not come in, and no traffic of this box
    is on your bill.
    """
    given = {
        "apps": apps,
        "visits_per_minute": visits,
        "relayed_per_month": relayed_per_month,
        "relayed_per_day": relayed_per_day,
    }
    change: dict[str, Any] = {
        name: None if value == "any" else value
        for name, value in given.items()
        if value is not None
    }
    if relay is not None:
        change["relay"] = relay == "yes"
    done = ask_server(context, "PUT", box_path("quotas", box), change)
    if as_json:
        print_json(done)
        return
    visits_text = done["visits_per_minute"] or "as every box"
    apps_text = "as every box" if done["most_apps"] is None else done["most_apps"]
    facts = [("apps", apps_text), ("visits per minute", visits_text)]
    facts += [("relay", "yes" if done["relay"] else "no")]
    if done["relayed_bytes"] is not None:
        facts += [("relayed this month", _moved(done)), ("relayed today", _moved_today(done))]
        if done["relay_used_up"]:
            facts += [("relays", "none: its budget is used up (relay-budget)")]
    print_facts([("box", done["alias"]), *facts])


def _state(box: dict[str, Any]) -> str:
    if box["banned"]:
        return "banned"
    return "online" if box["online"] else "offline"


def _moved(box: dict[str, Any]) -> str:
    """What was relayed for it this month, and how much may be."""
    if box["relayed_bytes"] is None:
        return "–"
    moved, most = bytes_text(box["relayed_bytes"]), box["relayed_per_month"]
    of = moved if most is None else f"{moved} of {bytes_text(most)}"
    return f"{of}, used up" if box["relay_used_up"] else of


def _moved_today(box: dict[str, Any]) -> str:
    moved, most = bytes_text(box["relayed_today_bytes"]), box["relayed_per_day"]
    return moved if most is None else f"{moved} of {bytes_text(most)}"


def _since(box: dict[str, Any]) -> str:
    if box["registered_s"] is None:
        return "never"
    return datetime.fromtimestamp(box["registered_s"], UTC).strftime("%Y-%m-%d")
