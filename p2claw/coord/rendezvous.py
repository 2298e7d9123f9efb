"""Knows which boxes are online, and introduces visitors to them. Sans-IO.

Events and `now` come in, effects out: one input, then drain `next_effect()`; wake at
`next_timeout()`. Which boxes are online is in `online_boxes.py`, when visits end in `deadlines.py`.
Sockets, the store, registration and rate limits are in the modules around it: `coord.agents`,
`coord.visitors`, `coord.app`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection

from p2claw import names
from p2claw.config import ServerLimits
from p2claw.coord.deadlines import Deadlines
from p2claw.coord.effects import (
    GOING_DOWN,
    NORMAL,
    NOT_ADMITTED,
    PROTOCOL,
    REPLACED,
    CloseBox,
    CloseVisitor,
    Effect,
    ProbeBox,
    ToBox,
    ToVisitor,
)
from p2claw.coord.online_boxes import OnlineBox, OnlineBoxes
from p2claw.coord.store.base import Quota
from p2claw.coord.visit import MOST_CANDIDATES, TRICKLING, Phase, Step, Visit, VisitRequest
from p2claw.token_bucket import TokenBucket
from p2claw.wire.signalling import (
    AgentError,
    Apps,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    Dial,
    DialOffered,
    Introduced,
    Refuse,
    VisitAnswer,
    VisitCandidate,
    VisitEnd,
    VisitError,
    VisitMessage,
    VisitOffer,
)

# A box that lost its control connection is back within a few seconds, or for long not.
OFFLINE_RETRY_S = 5
RETURNING_RETRY_S = 1
BUSY_RETRY_S = 5

# The codes with which a box may refuse a visitor; any other is read as `box-busy`.
_REFUSALS = frozenset({"box-busy", "app-unknown", "protocol", "version"})

_NO_QUOTA = Quota()

SignalFromBox = BoxAnswer | BoxCandidate | Refuse | BoxEnd


class Rendezvous:
    """The boxes that are online and the visits under way.

    boxes: those that are online. Their table is changed here alone.
    """

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self.boxes = OnlineBoxes()
        self._visits: dict[str, Visit] = {}
        self._deadlines = Deadlines(self._visits)
        self._effects: deque[Effect] = deque()
        self._going_down = False

    @property
    def visits(self) -> int:
        """How many visits are under way."""
        return len(self._visits)

    @property
    def full(self) -> bool:
        """Whether the table of boxes is full: only boxes that are online may register again."""
        return len(self.boxes) >= self._limits.boxes

    def next_effect(self) -> Effect | None:
        """The next thing to do, in order; None when all is done."""
        return self._effects.popleft() if self._effects else None

    # Boxes

    def box_online(
        self,
        connection: int,
        public_key: bytes,
        alias: str,
        apps: Collection[str],
        others: tuple[str, ...] = (),
        quota: Quota = _NO_QUOTA,
        *,
        key_alias: str = "",
        later: tuple[str, ...] = (),
        statements: tuple[bytes, ...] = (),
    ) -> None:
        """A box has registered. `apps`: what it announced last time, good until it announces.

        others: further aliases of it. key_alias, later, statements: of a box that had other keys
        before, as in `OnlineBox`.

        The same box on an older connection is replaced: the newest wins. A coordinator that goes
        down admits no box.
        """
        if self._going_down:
            self._effects.append(CloseBox(connection, GOING_DOWN, "going down"))
            return
        key_alias = key_alias or names.key_alias_of(public_key)
        older = self.boxes.called(key_alias)
        if older is not None and older.public_key != public_key:
            self._put_out(older, NOT_ADMITTED, "key-replaced", "This box has another key now")
        elif older is not None:
            self._put_out(older, REPLACED, "replaced", "This box has connected again")
        box = OnlineBox(connection, public_key, alias, key_alias, frozenset(apps), others, quota)
        box.later, box.statements = later, statements
        self.boxes.add(box)

    def box_claimed(self, connection: int, alias: str) -> None:
        """The box has chosen an alias: it is also called so from now on, first of all."""
        box = self.boxes.at(connection)
        if box is not None and box.alias != alias:
            self.boxes.rename(box, alias)

    def box_banned(self, public_key: bytes) -> None:
        """The operator keeps this key out; nothing if the box is not online.

        Links that are open stay: they are between the box and its visitors.
        """
        box = self.boxes.of_key(public_key)
        if box is not None:
            self._put_out(box, NOT_ADMITTED, "banned", "The operator keeps this box out")

    def box_replaced(self, connection: int) -> None:
        """The box of this connection has registered at another node since."""
        box = self.boxes.at(connection)
        if box is not None:
            self._put_out(box, REPLACED, "replaced", "This box has connected again")

    def box_may(self, public_key: bytes, quota: Quota) -> None:
        """What a box may from now on; nothing if it is not online."""
        box = self.boxes.of_key(public_key)
        if box is not None:
            box.quota, box.bucket = quota, None

    def box_announced(self, connection: int, apps: Collection[str]) -> None:
        """The whole set of apps that this box exposes from now on. Visits under way go on."""
        box = self.boxes.at(connection)
        if box is not None:
            box.apps = frozenset(apps)
            box.announced = True

    def box_lacks(self, connection: int, apps: Collection[str]) -> None:
        """The whole set of apps for which nothing listens at this box from now on."""
        box = self.boxes.at(connection)
        if box is not None:
            box.down = frozenset(apps)

    def box_dialled_by(self, connection: int, message: Dial) -> None:
        """How visitors dial this box from now on. They check that the box has signed it."""
        box = self.boxes.at(connection)
        if box is not None:
            all_of_it = ((message.descriptor, message.signature), *message.others)
            box.dials = tuple(DialOffered(*one) for one in all_of_it if one[0])

    def box_lives(self, connection: int) -> None:
        """Something has come from this box, whatever it was."""
        box = self.boxes.at(connection)
        if box is not None:
            box.doubted = False

    def box_offline(self, connection: int, *, moves: bool = False) -> None:
        """The control connection is lost. moves: it is about to be at another node.

        Links live on; visitors without an answer get an error.
        """
        box = self.boxes.remove(connection)
        if box is None:
            return
        for session in tuple(box.sessions):
            visit = self._visits[session]
            if not visit.advance(Step.LEAVE) and visit.phase is not Phase.LEFT:
                code, what = (
                    ("going-down", "goes to another server")
                    if moves
                    else ("box-offline", "lost its connection")
                )
                self._end(
                    session, VisitError(code, f"The box {box.alias} {what}", RETURNING_RETRY_S)
                )

    def from_box(self, connection: int, message: SignalFromBox) -> None:
        """A signalling message of a box. About a session that is over it is ignored: ends cross."""
        visit = self._visits.get(message.session)
        if visit is None or visit.connection != connection:
            return
        match message:
            case BoxAnswer(session, sdp, signature):
                if visit.advance(Step.ANSWER):
                    self._effects.append(ToVisitor(session, VisitAnswer(sdp, signature)))
            case BoxCandidate(session, candidate, mid):
                if visit.phase in TRICKLING:
                    visit.box_candidates += 1
                    if visit.box_candidates > MOST_CANDIDATES:
                        error = VisitError("protocol", "The box sent too many candidates")
                        self._end(session, error, PROTOCOL)
                    else:
                        self._effects.append(ToVisitor(session, VisitCandidate(candidate, mid)))
            case Refuse(session, code, text):
                if visit.phase is not Phase.INTRODUCED:
                    code = code if code in _REFUSALS else "box-busy"
                    retry_s = BUSY_RETRY_S if code == "box-busy" else None
                    self._end(session, VisitError(code, text, retry_s), notify_box=False)
            case BoxEnd(session):
                if visit.phase is Phase.OFFERED:
                    error = VisitError("box-silent", "The box gave up before it sent an answer")
                    self._end(session, error, notify_box=False)
                elif visit.advance(Step.LEAVE):
                    self.boxes[connection].offers -= 1

    # Visitors

    def visit(self, request: VisitRequest, now: float) -> None:
        """A visitor has connected: introduce it, or send it an error."""
        refusal = self._refusal(request, now)
        if refusal is not None:
            code = GOING_DOWN if refusal.code == "going-down" else NORMAL
            self._refuse(request.session, refusal, code)
            return
        box = self.boxes.called(request.alias)
        assert box is not None  # else there was a refusal
        peer_id = names.peer_id_of(box.public_key)
        if request.app is None:
            listed = tuple(sorted(app for app in box.apps if not names.is_unlisted(app)))
            down = tuple(app for app in listed if app in box.down)
            self._refuse(request.session, Apps(listed, box.alias, peer_id, down), NORMAL)
            return
        visit = Visit(request, box.connection, ends_at=now + self._limits.visit_s)
        self._visits[request.session] = visit
        box.sessions.add(request.session)
        self._deadlines.add(visit)
        self._effects.append(
            ToVisitor(
                request.session,
                Introduced(
                    request.session,
                    peer_id,
                    request.visitor_ice,
                    # Who dials a team goes past the choice of its boxes; and a member would not
                    # know under which name it is visited.
                    None if request.box else box.dial_for(request.session),
                    (*request.statements, *box.statements),
                    request.relay_refusal or None,
                    request.measure,
                ),
            )
        )

    def from_visitor(self, session: str, message: VisitMessage, now: float) -> None:
        """A message of a visitor. One that it may not send, or not now, ends the visit."""
        visit = self._visits.get(session)
        if visit is None:
            return
        match message:
            case VisitOffer(sdp, place):
                self._offered(visit, sdp, place, now)
            case VisitCandidate(candidate, mid):
                visit.visitor_candidates += 1
                if visit.phase is Phase.INTRODUCED:
                    self.violated(session, "A candidate came before the offer")
                elif visit.visitor_candidates > MOST_CANDIDATES:
                    self.violated(session, "Too many candidates")
                elif visit.phase in TRICKLING:
                    self._effects.append(
                        ToBox(visit.connection, BoxCandidate(session, candidate, mid))
                    )
            case VisitEnd():
                self._end(session, None)
            case _:
                self.violated(session, "A visitor does not send this message")

    def violated(self, session: str, why: str) -> None:
        """The visitor broke docs/WIRE.md §12: it gets an error, and the visit is over."""
        self._end(session, VisitError("protocol", why), PROTOCOL)

    def too_much(self, session: str) -> None:
        """The visitor's address sends messages faster than they are read: it gets an error."""
        error = VisitError("rate-limited", "Too many messages from this address", BUSY_RETRY_S)
        self._end(session, error)

    def visitor_gone(self, session: str) -> None:
        """The visitor's socket is closed, whoever closed it."""
        visit = self._forget(session)
        if visit is not None:
            self._send_box_end(visit)

    # Time

    def next_timeout(self) -> float | None:
        """When `handle_timeout` has something to do at the earliest; None: never."""
        return self._deadlines.next()

    def handle_timeout(self, now: float) -> None:
        """End every visit whose time is up."""
        while (session := self._deadlines.pop_due(now)) is not None:
            if self._visits[session].phase is Phase.OFFERED:
                self._doubt(self._visits[session].connection)
                error = VisitError("box-silent", "The box did not respond in time", BUSY_RETRY_S)
                self._end(session, error)
            else:
                self._end(session, None)

    def shut_down(self) -> None:
        """End every visit and close every box: this coordinator goes down. Open links live on."""
        self._going_down = True
        for session in tuple(self._visits):
            error = VisitError("going-down", "The coordinator restarts", RETURNING_RETRY_S)
            self._end(session, error, GOING_DOWN, notify_box=False)
        for box in self.boxes:
            self._effects.append(CloseBox(box.connection, GOING_DOWN, "going down"))

    def _put_out(self, box: OnlineBox, close_code: int, code: str, why: str) -> None:
        self._effects.append(ToBox(box.connection, AgentError(code, why)))
        self._effects.append(CloseBox(box.connection, close_code, code))
        self.box_offline(box.connection)

    def _doubt(self, connection: int) -> None:
        box = self.boxes.at(connection)
        if box is not None and not box.doubted:
            box.doubted = True
            self._effects.append(ProbeBox(connection))

    def _wait_s(self, box: OnlineBox, now: float) -> float:
        """0.0 if this box may be visited once more now, else when it may be again."""
        if box.bucket is None:
            most = box.quota.visits_per_minute
            burst = self._limits.box_visit_burst if most is None else most
            per_minute = self._limits.box_visits_per_minute if most is None else float(most)
            box.bucket = TokenBucket(burst, per_minute, now)
        return box.bucket.spend(now)

    def _refusal(self, request: VisitRequest, now: float) -> VisitError | None:
        if self._going_down:
            return VisitError("going-down", "The coordinator restarts", RETURNING_RETRY_S)
        box = self.boxes.called(request.alias)
        if box is None:
            if request.known:
                message = f"The box {request.alias} is not connected now"
                return VisitError("box-offline", message, OFFLINE_RETRY_S)
            return VisitError("alias-unknown", f"No box is called {request.alias}")
        if request.app is not None and request.app not in box.apps:
            if not box.announced:
                message = f"The box {request.alias} is just connecting"
                return VisitError("box-offline", message, RETURNING_RETRY_S)
            return VisitError(
                "app-unknown", f"The box {request.alias} does not expose {request.app}"
            )
        if request.others and box.doubted:
            return VisitError("box-silent", f"The box {request.alias} is silent", RETURNING_RETRY_S)
        if len(self._visits) >= self._limits.visits:
            return VisitError("rate-limited", "Too many visitors just now", BUSY_RETRY_S)
        if (wait_s := self._wait_s(box, now)) > 0:
            return VisitError("box-busy", "Too many visits of this box", math.ceil(wait_s))
        return None

    def _offered(self, visit: Visit, sdp: str, place: int | None, now: float) -> None:
        session, connection = visit.request.session, visit.connection
        if not visit.advance(Step.OFFER):
            self.violated(session, "A second offer")
            return
        box = self.boxes[connection]
        box.offers += 1
        if box.offers > self._limits.visits_per_box:
            error = VisitError("box-busy", "Too many visitors at once", BUSY_RETRY_S)
            self._end(session, error, notify_box=False)
        elif visit.request.others and box.doubted:
            error = VisitError("box-silent", "The box is silent", RETURNING_RETRY_S)
            self._end(session, error, notify_box=False)
        else:
            request = visit.request
            limits = self._limits
            visit.answer_by = now + (limits.next_box_s if request.others else limits.answer_s)
            self._deadlines.add(visit)
            offer = BoxOffer(
                *(session, request.app, sdp, request.box_ice, request.visitor),
                place if request.keeps else None,
                request.team,
            )
            self._effects.append(ToBox(connection, offer))

    def _refuse(self, session: str, message: VisitMessage, code: int) -> None:
        self._effects.append(ToVisitor(session, message))
        self._effects.append(CloseVisitor(session, code, ""))

    def _end(
        self, session: str, error: VisitError | None, code: int = NORMAL, *, notify_box: bool = True
    ) -> None:
        visit = self._forget(session)
        if visit is None:
            return
        if notify_box:
            self._send_box_end(visit)
        if error is not None:
            self._effects.append(ToVisitor(session, error))
        self._effects.append(CloseVisitor(session, code, error.code if error else ""))

    def _send_box_end(self, visit: Visit) -> None:
        if visit.phase in TRICKLING and self.boxes.at(visit.connection) is not None:
            self._effects.append(ToBox(visit.connection, BoxEnd(visit.request.session)))

    def _forget(self, session: str) -> Visit | None:
        visit = self._visits.pop(session, None)
        box = self.boxes.at(visit.connection) if visit is not None else None
        if visit is not None and box is not None:
            box.sessions.discard(session)
            box.offers -= visit.phase in TRICKLING
        return visit
