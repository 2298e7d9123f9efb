"""One visit: the phases of a signalling session, and its counters. Sans-IO."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from p2claw.coord.bus.locating import Facts
from p2claw.coord.client_address import Address
from p2claw.coord.nearness import ANYWHERE, Nearness
from p2claw.wire.signalling import CANDIDATES, IceServer, Measure

# 64 candidates (docs/WIRE.md, limits) and the empty one that ends them.
MOST_CANDIDATES = CANDIDATES + 1


class Phase(Enum):
    """How far a visit is."""

    INTRODUCED = auto()  # the visitor knows the box; the box knows nothing yet
    OFFERED = auto()  # the box has the offer
    ANSWERED = auto()  # the visitor has the answer; candidates may still cross
    LEFT = auto()  # the box sends nothing more; the visitor ends it


class Step(Enum):
    """What moves a visit on."""

    OFFER = auto()
    ANSWER = auto()
    LEAVE = auto()


# A pair that is absent is illegal.
NEXT: dict[tuple[Phase, Step], Phase] = {
    (Phase.INTRODUCED, Step.OFFER): Phase.OFFERED,
    (Phase.OFFERED, Step.ANSWER): Phase.ANSWERED,
    (Phase.ANSWERED, Step.LEAVE): Phase.LEFT,
}

# Where candidates of the visitor go to the box, and the other way.
TRICKLING = frozenset({Phase.OFFERED, Phase.ANSWERED})


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """The request of a visitor, with facts that the modules around the core have found out.

    known: whether any box ever had this alias. visitor: its address, shortened. address: whole.
    team: the alias that was asked for, if another box of its team responds, whose alias is `alias`
    then, by `statements`. keeps: whether it is the one that the visitor wants to go on with. box:
    its peer id, "" without a team. others: whether further boxes of the team are there, to which
    the visit may be given if this one is silent.
    node, facts: the one that has the box, if it is another than this, and what it made known.
    relay_refusal: a code of why the servers have no relay, or "". near: regions of relays.
    measure: what the visitor is asked to measure.
    """

    session: str
    alias: str
    app: str | None
    known: bool
    visitor: str = ""
    visitor_ice: tuple[IceServer, ...] = ()
    box_ice: tuple[IceServer, ...] = ()
    address: Address | None = None
    node: str = ""
    facts: Facts | None = None
    team: str = ""
    statements: tuple[bytes, ...] = ()
    keeps: bool = True
    box: str = ""
    others: bool = False
    relay_refusal: str = ""
    near: Nearness = ANYWHERE
    measure: Measure | None = None


@dataclass(slots=True)
class Visit:
    """The state of one visit. `ends_at`, `answer_by`: deadlines, seconds of the core's clock."""

    request: VisitRequest
    connection: int
    ends_at: float
    answer_by: float | None = None
    phase: Phase = Phase.INTRODUCED
    visitor_candidates: int = 0
    box_candidates: int = 0

    def advance(self, step: Step) -> bool:
        """Move on by a step; False, and nothing changed, if the table has no such pair."""
        following = NEXT.get((self.phase, step))
        if following is None:
            return False
        self.phase = following
        return True

    def due(self) -> float:
        """The next deadline of this visit."""
        if self.phase is Phase.OFFERED and self.answer_by is not None:
            return min(self.answer_by, self.ends_at)
        return self.ends_at
