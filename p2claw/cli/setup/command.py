"""`p2claw server setup NAME`: from a name to a server: names, files, services, all reported."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from p2claw.cli.output import json_option, print_json, print_note
from p2claw.cli.service.definition import SERVER_USER
from p2claw.cli.setup.names import NameCheck, check_names
from p2claw.cli.setup.plan import Plan
from p2claw.cli.setup.writing import Step, carry_out, missing_programs, start_services
from p2claw.config import JOINING, SYSTEM_CONFIG
from p2claw.errors import UsageError

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

_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_CONTACT = re.compile(r"https?://[^\s\"<>]+|[^\s\"<>@]+@[^\s\"<>@]+")
_FILE = click.Path(path_type=Path, dir_okay=False)
_STATE = Path("/var/lib/p2claw")


@click.command(epilog=_EXAMPLE)
@click.argument("name")
@click.option(
    "--turn", metavar="NAME", help="The name of the relay, or none.  [default: turn.NAME]"
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
@click.option("--tls-cert", type=_FILE, help="Your own chain, for NAME and *.NAME; without Caddy.")
@click.option("--tls-key", type=_FILE, help="Its key.")
@click.option("--internal-ca", is_flag=True, help="Let Caddy make its own authority, for a LAN.")
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
    plan = _plan(
        name.lower().strip("."),
        _asked(asks, turn, "Name of the relay, or none", f"turn.{name}"),
        _asked(asks, operator, "Who runs this server, for its page", ""),
        _asked(asks, contact, "Where to report abuse, mail or URL", ""),
        given,
    )
    checks = check_names(plan.parent, plan.turn)
    starts = not given["no_start"]
    _refuse(plan, checks, skip_names=given["skip_names"], dry_run=given["dry_run"], starts=starts)
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
    ports = "80, 443" if not plan.certificate else "443"
    relay = "; UDP and TCP 3478, UDP 49152-65535 for the relay" if plan.turn else ""
    print_note(f"open in the firewall: TCP {ports}{relay}")
    print_note(f"boxes join with: p2claw join {plan.url}")


def _asked(asks: bool, given: str | None, question: str, default: str) -> str:
    if given is not None:
        return given
    if not asks:
        return default
    return str(click.prompt(question, default=default, err=True))


def _plan(parent: str, turn: str, operator: str, contact: str, given: dict[str, Any]) -> Plan:
    """Raises UsageError `setup-name`, `contact-invalid`, `tls-incomplete`."""
    turn = "" if turn == "none" else turn.lower().strip(".")
    for name in filter(None, (parent, turn)):
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is not a name of the kind apps.example.org", code="setup-name"
            )
    if contact and not _CONTACT.fullmatch(contact):
        raise UsageError(
            f"{contact!r} is neither an address of mail nor a URL",
            code="contact-invalid",
            hint="For example abuse@example.org, or https://example.org/abuse",
        )
    chain, key = given["tls_cert"], given["tls_key"]
    if (chain is None) != (key is None):
        raise UsageError("Give both --tls-cert and --tls-key, or neither", code="tls-incomplete")
    return Plan(
        parent=parent,
        folder=given["folder"].absolute(),
        data=given["data"].absolute(),
        listen=given["listen"],
        turn=turn,
        operator=" ".join(operator.split()),
        contact=contact,
        joining=given["joining"],
        certificate=None if chain is None else (chain.absolute(), key.absolute()),
        internal_ca=given["internal_ca"],
        http_port=given["http_port"],
        https_port=given["https_port"],
    )


def _refuse(
    plan: Plan, checks: list[NameCheck], *, skip_names: bool, dry_run: bool, starts: bool
) -> None:
    """Raises UsageError `names-missing`, `programs-missing`."""
    lost = [check for check in checks if check.level == "fail"]
    if lost and not skip_names and not dry_run:
        raise UsageError(
            f"{lost[0].name} {lost[0].text}",
            code="names-missing",
            hint="Records take some minutes to spread; --skip-names goes on without",
        )
    missing = missing_programs(plan)
    if missing and starts and not dry_run:
        raise UsageError(
            f"Not installed here: {', '.join(missing)}",
            code="programs-missing",
            hint=f"apt-get install {' '.join(missing)}; or --no-start writes the files alone",
        )


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
