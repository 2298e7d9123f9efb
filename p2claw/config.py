"""What a process is told at its start: plain data, no behaviour. The command line fills it in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


def home_dir() -> Path:
    """The folder of everything that p2claw keeps: `$P2CLAW_HOME`, else `~/.p2claw`."""
    named = os.environ.get("P2CLAW_HOME")
    return Path(named) if named else Path.home() / ".p2claw"


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Every bound of coordinator and edge; docs/OPERATIONS.md says what happens at each.

    A `*_burst` is the size of a token bucket for one address, a `*_per_s` how fast it refills.
    """

    boxes: int = 10_000
    visits: int = 4_096
    visits_per_box: int = 64
    visit_burst: int = 60
    visit_per_s: float = 1.0
    register_burst: int = 60
    register_per_s: float = 1.0
    new_alias_burst: int = 20
    new_alias_per_s: float = 20 / 3600
    addresses: int = 65_536
    outbox_messages: int = 512
    register_s: float = 10.0
    answer_s: float = 10.0
    visit_s: float = 60.0
    write_s: float = 20.0
    clock_skew_s: int = 120
    keepalive_s: int = 25


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One process that is coordinator and edge.

    listen: `host:port`; port 0 takes any free one.
    parent: the DNS suffix of all apps. scheme, public_port: as visitors see them; public_port None
    is the port that is listened on. names: further `host[:port]` that agents may dial.
    trusted_proxies: networks whose X-Forwarded-For is believed.
    static: the folder with the bootstrap, None for the one that the package brings.
    """

    listen: str = "127.0.0.1:8787"
    parent: str = "localhost"
    scheme: str = "http"
    public_port: int | None = None
    names: tuple[str, ...] = ()
    data: Path = field(default_factory=lambda: home_dir() / "server")
    tls_cert: Path | None = None
    tls_key: Path | None = None
    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    turn_secret: str | None = field(default=None, repr=False)
    turn_ttl_s: int = 3600
    trusted_proxies: tuple[str, ...] = ()
    static: Path | None = None
    limits: ServerLimits = ServerLimits()
