"""The settings of an agent, and the limits of one box for all its visitors together."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from p2claw.config.addresses import (
    DEFAULT_COORDINATOR,
    LAST_PORT,
    PublicAddress,
    check_coordinator,
    parse_listen,
)
from p2claw.config.places import home_dir
from p2claw.errors import UsageError
from p2claw.units import GIB, KIB, MIB

# One process fills one core, so more workers than cores are of no use, and boxes with more cores
# than this are rare. A typing error shall not fill the memory: each process takes some 70 MB.
MOST_WORKERS = 64

# Whether all workers have one UDP port. Elsewhere each has its own, one after the other.
IS_PORT_SHARED = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class UpstreamLimits:
    """Limits of the agent's connections to one upstream."""

    connections: int = 384
    """Connections in use at once. A visitor, and a network, may have a share of these, of `lasting`
    and of `waiting`: fair_shares.py."""
    lasting: int = 1_024
    """Exchanges that have lasted for gate.LASTING_S. Theirs do not count as `connections`."""
    waiting: int = 4_096
    wait_s: float = 60.0
    idle_connections: int = 32
    idle_s: float = 15.0
    connect_s: float = 10.0
    """Enough for a server whose backlog is full: the kernel tries again after 1, 3 and 7 s."""
    head_s: float = 60.0
    """From a request's end to the head of its response; also the longest stall of an upload."""
    head_bytes: int = 240 * KIB
    head_fields: int = 1_000
    """This and `head_bytes` bound the head of a response. Both are a little below what the head of
    a frame may hold, because fields grow when the URLs in them are mapped."""


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Limits of the spool, where request bodies of unknown length wait until it is known."""

    memory_bytes: int = MIB
    request_bytes: int = 2 * GIB
    total_bytes: int = 4 * GIB


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """The limits of one box for all its visitors together."""

    links: int = 512
    """One network may have two thirds of them at most. The coordinator sends it with each offer, as
    a shortened address."""
    link_open_s: float = 30.0
    request_idle_s: float = 300.0
    """The longest silence of a visitor in the middle of a request body."""
    drain_s: float = 10.0
    handover_s: float = 3_600.0
    """How long requests may go on in a process that has handed the box over to a new one."""
    sockets: int = 1_024
    """WebSockets of all visitors together. Each holds an upstream connection of its own."""
    unread_bytes: int = 64 * MIB
    """Bytes of responses that wait in memory for their visitors. Once a visitor or its network has
    its share of them, its responses wait at the app, except for a frame or two of each. By as many
    do the windows of all requests grow, which wait for the app."""
    kept: int = 512
    """Requests of closed tabs that the box goes on with, of all visitors together."""
    kept_per_visitor: int = 64
    """As with links, all visitors behind one shortened address count as one visitor."""
    relayed_bytes_per_visit: int = 0
    relayed_bytes_per_day: int = 0
    """Bytes through a relay; 0: any number. Bytes on a direct path do not count."""
    upstream: UpstreamLimits = UpstreamLimits()
    spool: SpoolLimits = SpoolLimits()


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """The settings of one agent."""

    home: Path = field(default_factory=home_dir)
    coordinator: str = DEFAULT_COORDINATOR
    """As `check_coordinator` writes it."""
    remember: bool = False
    """Whether the coordinator is kept as the one of this box, once it has accepted the box."""
    limits: AgentLimits = AgentLimits()
    workers: int = 1
    """How many processes serve visitors. 1: the agent does it itself."""
    udp_port: int = 0
    """The UDP port of all links; 0: any free one. Where workers cannot share one, worker k, counted
    from 0, has udp_port + k."""
    public_addresses: tuple[PublicAddress, ...] = ()
    map_ports: bool = False
    """Whether the router in front of the box is asked to forward the UDP ports of its links."""
    invite: str = field(default="", repr=False)
    """A code by which the coordinator lets this box in, if it does not know it yet."""
    metrics: str = ""
    """Where figures for Prometheus are served over TCP, `host:port`; "": nowhere."""

    def __post_init__(self) -> None:
        if self.metrics:
            parse_listen(self.metrics)
        object.__setattr__(self, "coordinator", check_coordinator(self.coordinator))
        _check_workers(self.workers)
        _check_udp_port(self.udp_port, self.workers)
        if self.map_ports and self.workers > 1 and not (self.udp_port or IS_PORT_SHARED):
            raise UsageError(
                "Ports of several workers are forwarded only if they are known",
                code="udp-port-missing",
                hint="Name the first one: --udp-port 4100",
            )

    @property
    def identity_path(self) -> Path:
        return self.home / "identity.key"

    @property
    def routes_path(self) -> Path:
        return self.home / "routes.json"

    @property
    def usage_path(self) -> Path:
        return self.home / "usage.db"

    @property
    def access_path(self) -> Path:
        return self.home / "access.json"

    @property
    def team_path(self) -> Path:
        return self.home / "team.json"

    @property
    def coordinators_path(self) -> Path:
        return self.home / "coordinators.json"

    @property
    def lock_path(self) -> Path:
        return self.home / "agent.lock"

    @property
    def socket_path(self) -> Path:
        return self.home / "agent.sock"

    @property
    def audience(self) -> str:
        """`host[:port]` that the agent dials, lower case: what a registration is signed for."""
        return urlsplit(self.coordinator).netloc


def _check_workers(workers: int) -> None:
    if not 1 <= workers <= MOST_WORKERS:
        raise UsageError(
            f"{workers} is not a number of workers",
            code="workers-invalid",
            hint=f"Give 1 to {MOST_WORKERS}; as many as there are cores are enough",
        )


def _check_udp_port(port: int, workers: int) -> None:
    if port == 0:
        return
    workers = 1 if IS_PORT_SHARED else workers
    last = port + workers - 1
    if not 1 <= port <= last <= LAST_PORT:
        wanted = f"{workers} workers need the UDP ports {port} to {last}" if workers > 1 else port
        raise UsageError(
            f"{wanted}: a port is 1 to {LAST_PORT}",
            code="udp-port-invalid",
            hint="0 is any"
            if workers == 1
            else "Each worker has one, counted from the given one; 0 is any",
        )
