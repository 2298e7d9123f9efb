"""`p2claw status`: shows how the agent of this box is."""

from __future__ import annotations

from typing import Any

import click

from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import (
    bytes_text,
    duration_text,
    guard_text,
    json_option,
    print_facts,
    print_json,
    print_table,
)
from p2claw.config import AgentConfig

_EXAMPLE = """
\b
Example:
  p2claw status --json

\b
Exit codes: 0 shown, 1 a file of the home is damaged, 4 no agent runs, or it does not respond.
"""


@click.command(epilog=_EXAMPLE)
@json_option
def status(as_json: bool) -> None:
    """Show whether the agent runs, whether the coordinator knows it, and its apps."""
    found = AgentClient().ask("GET", "/v1/status")
    joined = CoordinatorFile(AgentConfig().coordinators_path).load()
    found |= {"joined": list(joined.urls), "default": joined.default}
    if as_json:
        print_json(found)
    else:
        _print(found)


def _plane_text(plane: dict[str, str]) -> str:
    if not plane["trouble"]:
        return "native data plane"
    return f"native data plane, slowed by records through {plane['records']}: {plane['trouble']}"


def _joined_text(found: dict[str, Any]) -> str:
    here, joined = found["coordinator"]["url"], found["joined"]
    if not joined:
        return "none; `p2claw join` remembers this one"
    others = ", ".join(url for url in joined if url != here)
    if here not in joined:
        return f"{others}; the agent is elsewhere until it is started again"
    return f"this one, and {others}" if others else "this one"


def _refused_text(refused: dict[str, dict[str, int]]) -> str:
    counts = [
        f"{count} {what} ({code})"
        for what, codes in refused.items()
        for code, count in codes.items()
    ]
    return ", ".join(counts) or "nothing"


def _mapping_text(mapping: dict[str, Any]) -> str:
    if mapping["address"]:
        return f"{mapping['address']} → UDP port {mapping['udp_port']}"
    return f"UDP port {mapping['udp_port']}: {mapping['message']} ({mapping['code']})"


def _left_text(budget: dict[str, int | None], when: str) -> str:
    used, limit, left = (budget[f"{what}_bytes"] for what in ("used", "limit", "remaining"))
    text = f"{bytes_text(used or 0)} {when}"
    if limit is None or left is None:
        return text
    return f"{text} of {bytes_text(limit)}, {bytes_text(left)} left"


def _relayed_facts(found: dict[str, Any]) -> list[tuple[str, object]]:
    """What relays have moved and may, by the operator's budget and by the owner's limits."""
    facts: list[tuple[str, object]] = []
    budget, limits = found["relay_budget"], found["relay_limits"]
    if budget is not None:
        facts = [
            ("relayed", _left_text(budget["month"], "this month")),
            ("", _left_text(budget["day"], "today")),
        ]
        if budget["used_up"]:
            facts.append(("", "used up: visitors who need a relay are not served until it is over"))
    if limits["day_bytes"] is not None:
        own = {
            "used_bytes": limits["day_used_bytes"],
            "limit_bytes": limits["day_bytes"],
            "remaining_bytes": limits["day_remaining_bytes"],
        }
        facts.append(("own limit", _left_text(own, "relayed today")))
    if limits["visit_bytes"] is not None:
        facts.append(("own limit", f"{bytes_text(limits['visit_bytes'])} relayed per visit"))
    return facts


def _percent_text(percent: int | None) -> str:
    return "-" if percent is None else f"{percent} %"


def _port_text(worker: dict[str, Any]) -> str:
    state = {True: " open", False: " closed", None: ""}[worker["is_port_open"]]
    return f"{worker['udp_port']}{state}" if worker["udp_port"] else "-"


def _print(found: dict[str, Any]) -> None:
    coordinator = found["coordinator"]
    state = f"{coordinator['state']} for {duration_text(coordinator['since_s'])}"
    trouble = coordinator.get("last_error")
    print_facts(
        [
            ("agent", f"{found['version']}, pid {found['pid']}"),
            ("up", duration_text(found["uptime_s"])),
            ("alias", found["alias"]),
            ("key alias", found["key_alias"]),
            ("peer id", found["peer_id"]),
            ("coordinator", coordinator["url"]),
            ("", f"{state} ({trouble})" if trouble and coordinator["state"] != "online" else state),
            ("joined", _joined_text(found)),
            ("links", found["links"]),
            *_relayed_facts(found),
            *(("forwarded", _mapping_text(one)) for one in found["port_mappings"] or ()),
            ("refused", _refused_text(found["refused"])),
            ("built on", f"{found['codec']}, {_plane_text(found['data_plane'])}"),
        ]
    )
    if len(found["workers"]) > 1:
        click.echo()
        processes = [
            (
                worker["number"],
                worker["pid"] or "starting again",
                worker["links"],
                duration_text(worker["uptime_s"]),
                _percent_text(worker["cpu_percent"]),
                worker["restarts"],
                _port_text(worker),
            )
            for worker in found["workers"]
        ]
        print_table(("WORKER", "PID", "LINKS", "UP", "CPU", "RESTARTS", "UDP PORT"), processes)
    if found["apps"]:
        click.echo()
        rows = [
            (app["app"], app["upstream"], guard_text(app["guarded"]), app["url"])
            for app in found["apps"]
        ]
        print_table(("APP", "UPSTREAM", "ENTER BY", "URL"), rows)
    for app in found["apps"]:
        for notice in app["notices"]:
            click.echo(f"\n{app['app']}: {notice['text']} ({notice['code']}).")
            click.echo(f"  {notice['advice']}.")
