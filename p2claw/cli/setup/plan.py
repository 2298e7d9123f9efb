"""What a server on one machine is made of: its name, its files, its options. Pure.

Caddy stands in front, with a certificate for each name that is visited; the server listens on
loopback behind it; coturn relays for visitors whom no direct path reaches. Where coturn shares the
port of HTTPS, HAProxy stands before both. Their files are in `texts.py` beside this one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

SERVER_LISTEN = "127.0.0.1:8787"
TURN_PORT = 3478
TURN_TLS_PORT = 5349  # RFC 8656 §19
# Where Caddy listens for HTTPS, on loopback, if HAProxy has the port.
_CADDY_PORTS = (8443, 8444)

# Of coturn; the server reads in it how much was relayed for which box.
TURN_LOG = Path("/var/log/p2claw-turn/turn.log")

CADDY_DATA = Path("/var/lib/caddy/.local/share/caddy")
_LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"


@dataclass(frozen=True, slots=True)
class Plan:
    """A server. turn: the name of its relay, "" for none. certificate: chain and key, if given.

    turn_tls: the port of the relay by TLS, 0 for none; that of HTTPS if both share it. external_ip:
    `PUBLIC/PRIVATE` if the relay is reached at another address than its own. Without a
    certificate Caddy gets one for each name: from `acme`, the URL of an authority's directory,
    trusted by the file acme_root if it is none that all trust; "" is Let's Encrypt. internal_ca:
    from an authority of its own, for networks without public names. caddy_data: where it keeps
    them.
    """

    parent: str
    folder: Path
    data: Path
    listen: str = SERVER_LISTEN
    turn: str = ""
    turn_tls: int = 0
    external_ip: str = ""
    operator: str = ""
    contact: str = ""
    joining: str = "open"
    certificate: tuple[Path, Path] | None = None
    internal_ca: bool = False
    acme: str = ""
    acme_root: Path | None = None
    http_port: int = 80
    https_port: int = 443
    caddy_data: Path = CADDY_DATA

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
    def haproxy_path(self) -> Path:
        return self.folder / "haproxy.cfg"

    @property
    def turn_pair(self) -> tuple[Path, Path]:
        """Chain and key as coturn reads them: copies that its user may read."""
        return self.folder / "turn-chain.pem", self.folder / "turn-key.pem"

    @property
    def shares_port(self) -> bool:
        """Whether HTTPS and the relay have one port, parted by the name that is asked for."""
        return bool(self.turn) and self.turn_tls == self.https_port

    @property
    def caddy_port(self) -> int:
        """Where Caddy listens behind HAProxy, on loopback."""
        return next(port for port in _CADDY_PORTS if port != self.https_port)

    @property
    def has_caddy(self) -> bool:
        """A server with a certificate of its own needs none, unless HAProxy is before it."""
        return self.certificate is None or self.shares_port

    @property
    def relay_certificate(self) -> tuple[Path, Path] | None:
        """Chain and key of the relay's name, as they are given or as Caddy keeps them."""
        if not self.turn_tls:
            return None
        if self.certificate is not None:
            return self.certificate
        folder = self.caddy_data / "certificates" / self._authority / self.turn
        return folder / f"{self.turn}.crt", folder / f"{self.turn}.key"

    @property
    def url(self) -> str:
        """Where boxes join."""
        port = "" if self.https_port == 443 else f":{self.https_port}"
        return f"https://{self.parent}{port}"

    @property
    def _authority(self) -> str:
        """What Caddy calls the folder of an authority: its URL without the scheme, made a name."""
        if self.internal_ca:
            return "local"
        url = (self.acme or _LETS_ENCRYPT).partition("://")[2].rstrip("/")
        return url.lower().replace("/", "-").replace(":", "-")


def config_text(plan: Plan) -> str:
    """The options of the server, as TOML."""
    options: list[tuple[str, object]] = []
    if plan.certificate and not plan.has_caddy:
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
        if plan.turn_tls:
            turn.append(f"turns:{plan.turn}:{plan.turn_tls}?transport=tcp")
        options += [("stun", [f"stun:{where}"]), ("turn", turn)]
        options += [("turn-secret-file", plan.secret_path.name), ("turn-log", str(TURN_LOG))]
    options += [(key, value) for key, value in _people(plan) if value]
    lines = [f"{key} = {_toml(value)}" for key, value in options]
    return "\n".join(["# Written by `p2claw server setup`.", "[server]", *lines, ""])


def _people(plan: Plan) -> list[tuple[str, str]]:
    return [("operator", plan.operator), ("contact", plan.contact)]


def _toml(value: object) -> str:
    """A text, number or list as TOML has it, which is as JSON has it."""
    return json.dumps(value, ensure_ascii=True)
