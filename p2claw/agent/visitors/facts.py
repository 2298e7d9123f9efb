"""What an agent reports about links and workers: for `p2claw sessions` and `p2claw status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """One open link. bytes_in, bytes_out: of whole messages, before encryption.

    relayed_in, relayed_out: what of these went through a relay.

    plane, udp: counters of the data plane, and of the UDP port that the link shares; they are
    listed in docs/dataplane/STATISTICS.md.
    """

    id: str
    app: str
    path: str
    age_s: float
    streams: int
    bytes_in: int
    bytes_out: int
    relayed_in: int
    relayed_out: int
    rtt_s: float | None
    software: str
    plane: dict[str, Any]
    udp: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """One process that serves visitors. number: from 0. pid: None while it is being restarted.

    links: visitors that it has, also those whose link is not open yet. restarts: how often it had
    to be started again after it ended by itself. udp_port: 0 while it is being restarted.
    is_port_open: whether a knock of the coordinator came to it; None: nobody has knocked.
    cpu_percent: of one core, as it reported within 5 s; None: the agent itself serves all.
    """

    number: int
    pid: int | None
    links: int
    uptime_s: float
    restarts: int
    udp_port: int = 0
    is_port_open: bool | None = None
    cpu_percent: int | None = None
