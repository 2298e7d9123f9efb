"""From what was given to a plan: a server that cannot be is refused before anything is done."""

from __future__ import annotations

import re
from typing import Any

from p2claw.cli.setup.mapped import external_ip
from p2claw.cli.setup.names import NameCheck
from p2claw.cli.setup.plan import TURN_TLS_PORT, Plan
from p2claw.cli.setup.programs import (
    CADDY_BEHIND_PROXY,
    caddy_version,
    can_share_port,
    missing_programs,
)
from p2claw.errors import UsageError

SHARING = ".".join(map(str, CADDY_BEHIND_PROXY))

_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_CONTACT = re.compile(r"https?://[^\s\"<>]+|[^\s\"<>@]+@[^\s\"<>@]+")


def plan_of(parent: str, turn: str, operator: str, contact: str, given: dict[str, Any]) -> Plan:
    """A plan, of the parameters of the verb. Raises UsageError `setup-name`, `contact-invalid`,
    `tls-incomplete`, `acme-invalid`, `port-invalid`, `external-ip-invalid`.
    """
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
    acme = given["acme"] or ""
    if acme and not acme.startswith("https://"):
        raise UsageError(
            f"{acme!r} is no directory of an authority",
            code="acme-invalid",
            hint="For example https://acme.example.org/directory",
        )
    return Plan(
        parent=parent,
        folder=given["folder"].absolute(),
        data=given["data"].absolute(),
        listen=given["listen"],
        turn=turn,
        turn_tls=_turn_tls(given["turn_tls"], given["https_port"]) if turn else 0,
        external_ip=external_ip(given["external_ip"] or "") if turn else "",
        operator=" ".join(operator.split()),
        contact=contact,
        joining=given["joining"],
        certificate=None if chain is None else (chain.absolute(), key.absolute()),
        internal_ca=given["internal_ca"],
        acme=acme,
        acme_root=given["acme_root"] and given["acme_root"].absolute(),
        caddy_data=given["caddy_data"].absolute(),
        http_port=given["http_port"],
        https_port=given["https_port"],
    )


def refuse(
    plan: Plan, checks: list[NameCheck], *, skip_names: bool, dry_run: bool, starts: bool
) -> None:
    """Returns if the plan can be carried out. Raises UsageError `names-missing`,
    `programs-missing`, `caddy-too-old`.
    """
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
    if plan.shares_port and starts and not dry_run and not can_share_port():
        major, minor = caddy_version() or (0, 0)
        raise UsageError(
            f"Caddy {major}.{minor} accepts no visitors from HAProxy before it",
            code="caddy-too-old",
            hint=f"Install {SHARING} or newer from caddyserver.com; or --turn-tls {TURN_TLS_PORT}",
        )


def _turn_tls(text: str | None, https_port: int) -> int:
    """The port of the relay by TLS; 0: none. Raises UsageError `port-invalid`."""
    if text is None:
        return https_port if can_share_port() else TURN_TLS_PORT
    if text == "none":
        return 0
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65_536:
        raise UsageError(f"{text!r} is no port", code="port-invalid", hint="For example 5349")
    return int(text)
