"""What a server on one machine is made of: its name, and the texts of the files for it. Pure.

Caddy stands in front, with a certificate for each name that is visited; the server listens on
loopback behind it; coturn relays for visitors whom no direct path reaches.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from p2claw.config import ASK_PATH

SERVER_LISTEN = "127.0.0.1:8787"
TURN_PORT = 3478
_RELAY_PORTS = (49_152, 65_535)

# Networks that no relay may lead into: those of this machine, of its neighbours, and of nobody.
_DENIED = (
    "0.0.0.0-0.255.255.255",
    "10.0.0.0-10.255.255.255",
    "100.64.0.0-100.127.255.255",
    "127.0.0.0-127.255.255.255",
    "169.254.0.0-169.254.255.255",
    "172.16.0.0-172.31.255.255",
    "192.0.0.0-192.0.0.255",
    "192.168.0.0-192.168.255.255",
    "::1",
    "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A server. turn: the name of its relay, "" for none. certificate: chain and key, if given.

    Without a certificate Caddy gets one for each name; internal_ca: from an authority of its own,
    for networks without public names.
    """

    parent: str
    folder: Path
    data: Path
    listen: str = SERVER_LISTEN
    turn: str = ""
    operator: str = ""
    contact: str = ""
    joining: str = "open"
    certificate: tuple[Path, Path] | None = None
    internal_ca: bool = False
    http_port: int = 80
    https_port: int = 443

    @property
    def config_path(self) -> Path:
        return self.folder / "p2claw.toml"

    @property
    def secret_path(self) -> Path:
        return self.folder / "turn-secret"

    @property
    def caddy_path(self) -> Path:
        return self.folder / "Caddyfile"

    @property
    def coturn_path(self) -> Path:
        return self.folder / "turnserver.conf"

    @property
    def url(self) -> str:
        """Where boxes join."""
        port = "" if self.https_port == 443 else f":{self.https_port}"
        return f"https://{self.parent}{port}"


def config_text(plan: Plan) -> str:
    """The options of the server, as TOML."""
    options: list[tuple[str, object]] = []
    if plan.certificate:
        chain, key = plan.certificate
        options += [("listen", f":{plan.https_port}"), ("tls-cert", str(chain))]
        options += [("tls-key", str(key))]
    else:
        options += [("listen", plan.listen), ("scheme", "https")]
        options += [("public-port", plan.https_port), ("trusted-proxy", ["127.0.0.1", "::1"])]
    options += [("parent", plan.parent), ("data", str(plan.data)), ("joining", plan.joining)]
    if plan.turn:
        where = f"{plan.turn}:{TURN_PORT}"
        turn = [f"turn:{where}?transport={way}" for way in ("udp", "tcp")]
        options += [("stun", [f"stun:{where}"]), ("turn", turn)]
        options += [("turn-secret-file", plan.secret_path.name)]
    options += [(key, value) for key, value in _people(plan) if value]
    lines = [f"{key} = {_toml(value)}" for key, value in options]
    return "\n".join(["# Written by `p2claw server setup`.", "[server]", *lines, ""])


def caddy_text(plan: Plan) -> str:
    """The Caddyfile: a certificate for each name at its first visit, if the server knows it."""
    options = []
    if "@" in plan.contact and not plan.internal_ca:
        options.append(f"\temail {plan.contact}")
    if plan.internal_ca:
        options += ["\tlocal_certs", "\tskip_install_trust"]
    if plan.http_port != 80:
        options.append(f"\thttp_port {plan.http_port}")
    if plan.https_port != 443:
        options.append(f"\thttps_port {plan.https_port}")
    ask = f"http://{plan.listen}{ASK_PATH}"
    return "\n".join(
        [
            "# Written by `p2claw server setup`.",
            "{",
            *options,
            "\ton_demand_tls {",
            f"\t\task {ask}",
            "\t}",
            "}",
            "",
            "https:// {",
            "\ttls {",
            "\t\ton_demand",
            "\t}",
            f"\treverse_proxy {plan.listen}",
            "}",
            "",
        ]
    )


def coturn_text(plan: Plan, secret: str, *, listening_port: int = TURN_PORT) -> str:
    """The configuration of coturn. secret: the same that the server has."""
    low, high = _RELAY_PORTS
    return "\n".join(
        [
            "# Written by `p2claw server setup`.",
            f"listening-port={listening_port}",
            f"min-port={low}",
            f"max-port={high}",
            f"realm={plan.parent}",
            "use-auth-secret",
            f"static-auth-secret={secret}",
            "fingerprint",
            "no-tls",
            "no-dtls",
            "no-cli",
            "no-multicast-peers",
            "stale-nonce=600",
            # One visit needs two allocations per relay and transport.
            "user-quota=24",
            "total-quota=4800",
            *(f"denied-peer-ip={network}" for network in _DENIED),
            "simple-log",
            "log-file=stdout",
            "",
        ]
    )


def _people(plan: Plan) -> list[tuple[str, str]]:
    return [("operator", plan.operator), ("contact", plan.contact)]


def _toml(value: object) -> str:
    """A text, number or list as TOML has it, which is as JSON has it."""
    return json.dumps(value, ensure_ascii=True)
