"""Effects: what `coord.rendezvous` puts out, and `coord.switchboard` carries out."""

from __future__ import annotations

from dataclasses import dataclass

from p2claw.wire.signalling import AgentMessage, VisitMessage

NORMAL = 1000
GOING_DOWN = 1001
PROTOCOL = 4000
REPLACED = 4009
NOT_ADMITTED = 4011


@dataclass(frozen=True, slots=True)
class ToBox:
    """Send a message to the agent of this connection."""

    connection: int
    message: AgentMessage


@dataclass(frozen=True, slots=True)
class CloseBox:
    """Close the agent's socket after what was sent. `code`: docs/WIRE.md §11."""

    connection: int
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ToVisitor:
    """Send a message to the visitor of this session."""

    session: str
    message: VisitMessage


@dataclass(frozen=True, slots=True)
class CloseVisitor:
    """Close the visitor's socket after what was sent; the session is over."""

    session: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProbeBox:
    """Ask whether the agent of this connection still runs: `box_lives` is the reply."""

    connection: int


Effect = ToBox | CloseBox | ProbeBox | ToVisitor | CloseVisitor
