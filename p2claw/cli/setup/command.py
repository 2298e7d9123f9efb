"""`p2claw server setup NAME`: from a name to a server: names, files, services, all reported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from p2claw.cli.output import json_option, print_json, print_note
from p2claw.cli.service.definition import SERVER_USER
from p2claw.cli.setup.given import SHARING, plan_of, refuse
from p2claw.cli.setup.mapped import external_ip, mapped_address, source_address
from p2claw.cli.setup.names import NameCheck, check_names, own_addresses
from p2claw.cli.setup.plan import CADDY_DATA, TURN_PORT, Plan
from p2claw.cli.setup.programs import missing_programs
from p2claw.cli.setup.writing import Step, carry_out, start_services
from p2claw.config import JOINING, SYSTEM_CONFIG

_EXAMPLE = """
\b
Examples:
  sudo p2claw server setup apps.example.org --contact abuse@example.org
  p2claw server setup apps.example.org --dry-run --json
  sudo p2claw server setup apps.example.org --turn none --joining invite

\b
Exit codes: 0 done, or shown; 2 wrong usage, a name that leads nowhere, a program that
is missing, or a file that is there already.
"""

_FILE = click.Path(path_type=Path, dir_okay=False)
_STATE = Path("/var/lib/p2claw")


@click.command(epilog=_EXAMPLE)
@click.argument("name")
@click.option(
    "--turn", metavar="NAME", help="The name of the relay, or none.  [default: turn.NAME]"
)
@click.option(
    "--turn-tls",
    metavar="PORT",
    help="Of the relay by TLS, or none; that of HTTPS is shared by HAProxy.  "
    "[default: 443 if it can be shared, else 5349]",
)
@click.option(
    "--external-ip",
    metavar="ADDRESS",
    help="Where strangers reach the relay, if a cloud maps that to this machine: PUBLIC, "
    "PUBLIC/PRIVATE, or none.  [default: what its name leads to, if that is mapped]",
)
@click.option("--operator", help="Who runs this server, for its page.")
@click.option("--contact", help="Where to report abuse: an address of mail, or a URL.")
@click.option(
    "--joining",
    type=click.Choice(JOINING),
    default="open",
    show_default=True,
    help="Which new boxes may register.",
)
@click.option("--tls-cert", type=_FILE, help="Your own chain, for NAME and *.NAME.")
@click.option("--tls-key", type=_FILE, help="Its key.")
@click.option("--internal-ca", is_flag=True, help="Let Caddy make its own authority, for a LAN.")
@click.option("--acme", metavar="URL", help="Another authority that speaks ACME: its directory.")
@click.option("--acme-root", type=_FILE, help="The certificate by which that one is trusted.")
@click.option(
    "--caddy-data",
    type=click.Path(path_type=Path, file_okay=False),
    default=CADDY_DATA,
    show_default=True,
    help="Where Caddy keeps its certificates.",
)
@click.option(
    "--http-port", type=click.IntRange(1, 65535), default=80, show_default=True, help="Of Caddy."
)
@click.option(
    "--https-port",
    type=click.IntRange(1, 65535),
    default=443,
    show_default=True,
    help="What visitors use.",
)
@click.option(
    "--listen",
    default="127.0.0.1:8787",
    show_default=True,
    help="Where the server listens behind Caddy.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=SYSTEM_CONFIG.parent,
    show_default=True,
    help="Where the files go.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=_STATE,
    show_default=True,
    help="The folder of the database.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--replace", is_flag=True, help="Write files anew that are there already.")
@click.option("--skip-names", is_flag=True, help="Go on although a name leads nowhere yet.")
@click.option("--no-start", is_flag=True, help="Write files, and start nothing.")
@json_option
def setup(
    name: str,
    turn: str | None,
    operator: str | None,
    contact: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Make this machine a server for the apps below NAME: coordinator, edge, Caddy and coturn.

    On a terminal it asks what was not given. It looks whether the names lead here, writes the
    options of the server, the secret of the relay and the configurations of coturn and Caddy, and
    starts all three. Caddy gets a certificate for each name at its first visit, if the server
    knows that name.
    """
    asks = sys.stdin.isatty() and not as_json
    plan = plan_of(
        name.lower().strip("."),
        _asked(asks, turn, "Name of the relay, or none", f"turn.{name}"),
        _asked(asks, operator, "Who runs this server, for its page", ""),
        _asked(asks, contact, "Where to report abuse, mail or URL", ""),
        given,
    )
    checks = check_names(plan.parent, plan.turn)
    if plan.turn and given["external_ip"] is None:
        plan = _with_mapping(plan, checks[-1], asks=asks)
    starts = not given["no_start"]
    refuse(plan, checks, skip_names=given["skip_names"], dry_run=given["dry_run"], starts=starts)
    steps: list[Step] = []
    if not as_json:
        for check in checks:
            click.echo(f"{check.level:<5} {check.name} {check.text}")
    for step in _steps(plan, given, starts=starts):
        steps.append(step)
        if not as_json:
            click.echo(f"{_state_of(step)} {step.what}  ({step.why})")
    facts = {
        "parent": plan.parent,
        "url": plan.url,
        "external_ip": plan.external_ip or None,
        "dry_run": given["dry_run"],
        "names": [asdict(check) for check in checks],
        "missing": missing_programs(plan),
        "steps": [asdict(step) for step in steps],
    }
    if as_json:
        print_json(facts)
        return
    if not starts or given["dry_run"]:
        print_note(f"then: sudo p2claw service install server --config {plan.config_path}")
    ports = ", ".join(map(str, _tcp_ports(plan)))
    relay = "; UDP 3478 and 49152-65535 for the relay" if plan.turn else ""
    print_note(f"open in the firewall: TCP {ports}{relay}")
    if plan.external_ip and given["external_ip"] is None:
        print_note(
            f"the relay is reached at another address than its own, {plan.external_ip}: if that is "
            "wrong, --external-ip names it, or none"
        )
    if plan.turn_tls and not plan.shares_port and given["turn_tls"] is None:
        print_note(
            f"the relay has TLS on port {plan.turn_tls}, and some networks let out only "
            f"{plan.https_port}: with HAProxy and Caddy {SHARING} or newer, --turn-tls "
            f"{plan.https_port} shares that"
        )
    print_note(f"boxes join with: p2claw join {plan.url}")


def _asked(asks: bool, given: str | None, question: str, default: str) -> str:
    if given is not None:
        return given
    if not asks:
        return default
    return str(click.prompt(question, default=default, err=True))


def _with_mapping(plan: Plan, relay: NameCheck, *, asks: bool) -> Plan:
    """The same with the address that a cloud maps to this machine, if the relay's name leads there.

    On a terminal whoever sets it up confirms it.
    """
    found = mapped_address(relay.addresses, own_addresses(), source_address(4))
    if found and asks:
        question = "Address at which strangers reach the relay, PUBLIC/PRIVATE, or none"
        found = external_ip(_asked(asks, None, question, found))
    return replace(plan, external_ip=found)


def _tcp_ports(plan: Plan) -> list[int]:
    """What strangers must reach by TCP."""
    ports = {plan.https_port}
    ports |= {plan.http_port} if plan.has_caddy else set()
    ports |= {TURN_PORT, plan.turn_tls or TURN_PORT} if plan.turn else set()
    return sorted(ports)


def _steps(plan: Plan, given: dict[str, Any], *, starts: bool) -> Iterator[Step]:
    dry_run = given["dry_run"]
    if starts:
        from p2claw.cli.service.readiness import check_root
        from p2claw.cli.service.systemd import has_user, make_user

        if not dry_run:
            check_root(f"setup {plan.parent}", verb="server")
        made = not dry_run and make_user(SERVER_USER)
        if made or not has_user(SERVER_USER):
            yield Step("run", f"useradd --system {SERVER_USER}", "who runs the server", made)
    yield from carry_out(plan, dry_run=dry_run, replace=given["replace"])
    if starts:
        yield from _server_service(plan, dry_run=dry_run)
        yield from start_services(plan, dry_run=dry_run)


def _server_service(plan: Plan, *, dry_run: bool) -> Iterator[Step]:
    from p2claw.cli.service.definition import server_definition
    from p2claw.cli.service.systemd import Systemd

    service = Systemd(server_definition(plan.config_path, data=plan.data))
    if not dry_run:
        service.check()
        service.install(start=True)
    yield Step("run", f"systemctl start {service.unit}", "coordinator and edge", not dry_run)


def _state_of(step: Step) -> str:
    if step.action == "keep":
        return "kept    "
    did, would = {"write": ("wrote", "would write"), "run": ("ran", "would run")}[step.action]
    return f"{did if step.done else would:<11}"
