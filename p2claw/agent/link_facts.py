"""What can be told of a link: for `p2claw sessions`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What can be told of a link. bytes: of whole messages, before encryption.

    plane, udp: of the data plane, and of the UDP port that it shares, as in
    docs/dataplane/STATISTICS.md.
    """

    id: str
    app: str
    path: str
    age_s: float
    streams: int
    bytes_in: int
    bytes_out: int
    rtt_s: float | None
    software: str
    plane: dict[str, Any]
    udp: dict[str, Any]
