"""Visits that came to this node, of boxes at another: what the visitor sends is passed on.

Nothing of the box is known here but the node where it is. If it is not there any more, or the node
is gone, it is looked for again, and what the visitor has sent so far is sent to where it is now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from p2claw.config import ServerLimits
from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.locating import Whereabouts
from p2claw.coord.bus.messages import Astray, Begin, Closed, FromVisitor, Gone, ToVisitor
from p2claw.coord.effects import NORMAL
from p2claw.coord.rendezvous import BUSY_RETRY_S, RETURNING_RETRY_S
from p2claw.coord.switchboard import Switchboard, VisitorOutbox
from p2claw.coord.visit import VisitRequest
from p2claw.wire.signalling import VisitEnd, VisitError, VisitMessage, encode_visit

# How often it is looked whether the nodes of visits still live.
_TICK_S = 1.0
# A visit ends at its host after `visit_s`; here it is forgotten so much later.
_SPARE_S = 10.0


@dataclass(slots=True)
class _Forwarded:
    """sent: what the visitor has sent, until the host has replied. moves: to how many nodes."""

    request: VisitRequest
    node: str
    ends_at: float
    sent: list[str] = field(default_factory=list)
    has_reply: bool = False
    moves: int = 0


class Forwarding:
    """on_refused: called with a session, and the code of the error that its visitor gets."""

    def __init__(self, bus: Bus, switchboard: Switchboard, limits: ServerLimits) -> None:
        self.on_refused: Callable[[str, str], None] = lambda session, code: None
        self._bus = bus
        self._switchboard = switchboard
        self._limits = limits
        self._visits: dict[str, _Forwarded] = {}
        self._looking: set[asyncio.Task[None]] = set()

    def __contains__(self, session: str) -> bool:
        return session in self._visits

    def __len__(self) -> int:
        return len(self._visits)

    def begin(self, request: VisitRequest, node: str) -> None:
        """A visit of a box at this node begins; its outbox is in the switchboard."""
        ends_at = asyncio.get_running_loop().time() + self._limits.visit_s + _SPARE_S
        visit = _Forwarded(request, node, ends_at)
        self._visits[request.session] = visit
        if len(self._visits) > self._limits.visits:
            error = VisitError("rate-limited", "Too many visitors just now", BUSY_RETRY_S)
            self.end(request.session, error, notify=False)
            return
        self._introduce(visit)

    def from_visitor(self, session: str, message: VisitMessage) -> None:
        """The visitor has sent something."""
        if isinstance(message, VisitEnd):
            # Its host has nothing to say to that: an entry less to write, and one to read.
            self.end(session, None)
            return
        visit = self._visits[session]
        text = encode_visit(message)
        if not visit.has_reply:
            visit.sent.append(text)
        self._bus.send(visit.node, FromVisitor(session, text))

    def end(
        self, session: str, error: VisitError | None, code: int = NORMAL, *, notify: bool = True
    ) -> None:
        """End a visit here. error: what its visitor is sent before. notify: its host, too."""
        visit = self._visits.pop(session, None)
        if visit is None:
            return
        if notify:
            self._bus.send(visit.node, Gone(session), later=True)
        outbox = self._switchboard.visitors.get(session)
        if outbox is None:
            return
        if error is not None:
            self.on_refused(session, error.code)
            self._switchboard.counts[f"refused/{error.code}"] += 1
            outbox.send(encode_visit(error))
        outbox.close(code, error.code if error is not None else "")

    def reply(self, message: ToVisitor) -> None:
        """The host has something for the visitor."""
        visit, outbox = self._of(message.session)
        if visit is not None and outbox is not None:
            visit.has_reply = True
            visit.sent.clear()
            if message.code:
                self.on_refused(message.session, message.code)
            outbox.send(message.text)

    def closed(self, message: Closed) -> None:
        """The host has ended the visit."""
        visit, outbox = self._of(message.session)
        if visit is not None:
            del self._visits[message.session]
        if outbox is not None and visit is not None:
            outbox.close(message.code, message.reason)

    def astray(self, message: Astray) -> None:
        """The box is not at that node."""
        visit = self._visits.get(message.session)
        if visit is not None:
            self._look_again(visit)

    async def run(self) -> None:
        """Look after visits whose node is gone, until cancelled."""
        while True:
            await asyncio.sleep(_TICK_S)
            gone = self._bus.gone_nodes({visit.node for visit in self._visits.values()})
            now = asyncio.get_running_loop().time()
            for session, visit in tuple(self._visits.items()):
                if now >= visit.ends_at:
                    self.end(session, _LOST)
                elif visit.node in gone:
                    self._look_again(visit)

    def _of(self, session: str) -> tuple[_Forwarded | None, VisitorOutbox | None]:
        return self._visits.get(session), self._switchboard.visitors.get(session)

    def _introduce(self, visit: _Forwarded) -> None:
        request = visit.request
        self._bus.send(
            visit.node,
            Begin(
                *(request.session, self._bus.node, request.alias, request.app, request.visitor),
                *(request.team, request.statements, request.keeps, request.others, request.box),
                *(request.near.regions, request.near.is_measured),
            ),
        )

    def _look_again(self, visit: _Forwarded) -> None:
        session = visit.request.session
        if visit.has_reply or visit.moves:
            # It has been introduced to a box by a node that is gone: it begins anew by itself.
            self.end(session, _LOST, notify=False)
            return
        visit.moves += 1
        looking = asyncio.get_running_loop().create_task(self._move(visit))
        self._looking.add(looking)
        looking.add_done_callback(self._looking.discard)

    async def _move(self, visit: _Forwarded) -> None:
        session = visit.request.session
        found = await self._bus.find(visit.request.alias)
        if session not in self._visits:
            return
        if found.entry is None or found.entry.node == visit.node:
            offline = found.whereabouts is Whereabouts.OFFLINE
            self.end(session, _offline(visit) if offline else _LOST, notify=False)
            return
        visit.node = found.entry.node
        self._introduce(visit)
        for text in visit.sent:
            self._bus.send(visit.node, FromVisitor(session, text))


_LOST = VisitError("going-down", "The box is at another server just now", RETURNING_RETRY_S)


def _offline(visit: _Forwarded) -> VisitError:
    message = f"The box {visit.request.alias} is not connected now"
    return VisitError("box-offline", message, RETURNING_RETRY_S)
