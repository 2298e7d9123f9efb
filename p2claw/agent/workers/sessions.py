"""Which visitors the box has admitted, and which worker serves each of them.

A *session* here is what the coordinator calls one: the introduction of a visitor, and the link that
comes of it. A visitor that dials a worker has one too, of which the coordinator does not know.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.visitors.admission import Admission, turn_away
from p2claw.agent.visitors.refusals import VISITORS, Refusals
from p2claw.agent.visitors.visitors import Send
from p2claw.agent.workers.keeper import State, WorkerKeeper
from p2claw.agent.workers.messages import Crowded, DialAdmitted, Evict, Offered
from p2claw.agent.workers.placement import Placement
from p2claw.config import AgentLimits
from p2claw.wire.signalling import AgentMessage, BoxEnd, BoxOffer, Refuse


class Stage(enum.Enum):
    """What the coordinator knows of a session: OFFERED → ANSWERED → OVER, or OVER at once."""

    OFFERED = "offered"
    ANSWERED = "answered"
    OVER = "over"


@dataclass(slots=True)
class Session:
    """One session, and the worker that serves its visitor."""

    keeper: WorkerKeeper
    offer: BoxOffer | None  # None once its answer is signed: no second signature for it
    send: Send
    stage: Stage = Stage.OFFERED


class Sessions:
    """All sessions of a box, by their names.

    keepers: of all workers; may be filled later. exposes: whether the box has an app of this name.
    is_open: whether strangers reach the UDP port of the worker with this number; None: not known.
    """

    def __init__(
        self,
        limits: AgentLimits,
        keepers: Sequence[WorkerKeeper],
        *,
        exposes: Callable[[str], bool],
        refusals: Refusals,
        is_open: Callable[[int], bool | None],
    ) -> None:
        self._keepers = keepers
        self._refusals = refusals
        self._admission = Admission(limits, exposes, self._evict, refusals)
        self._is_open = is_open
        self._was_crowded = False
        self._sessions: dict[str, Session] = {}
        self._placement = Placement(keepers)

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, name: str) -> Session | None:
        """The session of this name, if it is not over."""
        return self._sessions.get(name)

    def of(self, keeper: WorkerKeeper, name: str) -> Session | None:
        """The session of this name, if this worker serves it."""
        found = self._sessions.get(name)
        return found if found is not None and found.keeper is keeper else None

    def load(self, keeper: WorkerKeeper) -> int:
        """How many sessions this worker serves."""
        return self._placement.links(keeper)

    def begin(self, offer: BoxOffer, names: PublicNames, send: Send) -> None:
        """Give a visitor to a worker, or refuse it by `send`."""
        if self._admission.admit(offer, send) is None:
            return
        keeper = self._at(offer.place) or self._choose()
        if keeper is None:
            self._admission.leave(offer.session)
            self._refusals.count(VISITORS, "box-busy")
            turn_away(offer, "box-busy", "The box is starting its workers again", send)
            return
        self._add(offer.session, Session(keeper, offer, send))
        keeper.send(Offered(offer, names))
        self._send_crowded(keeper)

    def begin_dialled(self, keeper: WorkerKeeper, name: str, visitor: str) -> None:
        """A visitor has dialled this worker: reply to it whether the visitor is admitted."""
        is_new = name not in self._sessions
        is_admitted = is_new and self._admission.admit_dial(name, visitor)
        if is_admitted:
            # The coordinator knows nothing of it, so nothing is sent there.
            self._add(name, Session(keeper, None, _nowhere, Stage.OVER))
        keeper.send(DialAdmitted(name, is_admitted))
        if is_admitted:
            self._send_crowded(keeper)

    def gone(self, keeper: WorkerKeeper, name: str, is_gone: bool) -> None:
        """The visitor is gone, or is back: while it is gone, a newcomer may get its place."""
        if self.of(keeper, name) is not None:
            self._admission.gone(name, is_gone)

    def end(self, name: str) -> Session:
        """Forget a session that is over. Its visitor does not count any more."""
        found = self._sessions.pop(name)
        self._placement.remove(found.keeper)
        self._admission.leave(name)
        self._send_crowded()
        return found

    def lose(self, keeper: WorkerKeeper) -> int:
        """End the sessions of a lost worker at the coordinator; returns how many they were."""
        lost = [name for name, found in self._sessions.items() if found.keeper is keeper]
        for name in lost:
            found = self.end(name)
            if found.stage is Stage.OFFERED:
                found.send(Refuse(name, "box-busy", "The box has lost this visit: try again"))
            elif found.stage is Stage.ANSWERED:
                found.send(BoxEnd(name))
        return len(lost)

    def close(self) -> None:
        """Admit nobody any more."""
        self._admission.close()

    def _add(self, name: str, session: Session) -> None:
        self._sessions[name] = session
        self._placement.add(session.keeper)

    def _at(self, place: int | None) -> WorkerKeeper | None:
        """The worker that a visitor had before, if it is ready."""
        if place is None or place >= len(self._keepers):
            return None
        keeper = self._keepers[place]
        return keeper if keeper.state is State.READY else None

    def _choose(self) -> WorkerKeeper | None:
        """The ready worker for a newcomer. None: none is ready.

        A worker whose port strangers do not reach gets no visitors if there is another.
        """
        ready = [keeper.number for keeper in self._keepers if keeper.state is State.READY]
        ready = [number for number in ready if self._is_open(number) is not False] or ready
        chosen = self._placement.choose(ready)
        return None if chosen is None else self._keepers[chosen]

    def _evict(self, name: str) -> None:
        """End the link of a visitor that is gone: a newcomer gets its place."""
        found = self.end(name)
        found.keeper.send(Evict(name))

    def _send_crowded(self, keeper: WorkerKeeper | None = None) -> None:
        """Send all workers, if it has changed, whether the box is crowded.

        keeper: of a worker with a new visitor; its process may be a new one, which does not know.
        """
        crowded, before = self._admission.is_crowded, self._was_crowded
        self._was_crowded = crowded
        if crowded != before:
            for each in self._keepers:
                each.send(Crowded(crowded))
        elif crowded and keeper is not None:
            keeper.send(Crowded(crowded))


def _nowhere(message: AgentMessage) -> None:
    """Drop a message about a session that the coordinator did not begin."""
