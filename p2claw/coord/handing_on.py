"""A visit of a team goes to its next box if the first is silent, or gone, before it has answered.

What the visitor has sent is kept until then, and sent again to the next one. The visitor learns of
it by a second `introduced`. Source: docs/WIRE.md §12.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from p2claw.coord.switchboard import Switchboard, VisitorOutbox
from p2claw.coord.visit import MOST_CANDIDATES, VisitRequest
from p2claw.log import get_log
from p2claw.wire.signalling import VisitAnswer, VisitError, VisitMessage, decode_visit

log = get_log("coordinator")

# A visitor waits for 15 s in all, and a box that is silent for `next_box_s`.
MOST_BOXES = 4

# Another box may be there after these. Of all others the visitor is to hear.
HANDED_ON = frozenset({"box-silent", "box-offline", "box-busy", "going-down"})

Another = Callable[[VisitRequest, frozenset[str]], Awaitable[VisitRequest | None]]
"""The same visit at another box than those with these aliases; None: there is none."""


class HandingOn:
    """The visits that may be given to another box. begin: leads one to where its box is."""

    def __init__(
        self,
        switchboard: Switchboard,
        begin: Callable[[VisitRequest], None],
        send: Callable[[str, VisitMessage], None],
    ) -> None:
        self.another: Another = _nobody
        self._switchboard = switchboard
        self._begin = begin
        self._send = send
        self._visits: dict[str, _Visit] = {}
        self._choosing: set[asyncio.Task[None]] = set()

    def follow(self, request: VisitRequest) -> None:
        """A visit begins, whose outbox is in the switchboard."""
        outbox = self._switchboard.visitors[request.session]
        visit = self._visits[request.session] = _Visit(self, request, outbox)
        self._switchboard.visitors[request.session] = visit

    def sent(self, session: str, message: VisitMessage) -> None:
        """The visitor has sent this."""
        visit = self._visits.get(session)
        # More than these break the protocol, which ends the visit.
        if visit is not None and len(visit.messages) <= MOST_CANDIDATES:
            visit.messages.append(message)

    def over(self, session: str) -> None:
        """The visit is answered, or has ended: nothing is kept of it."""
        visit = self._visits.pop(session, None)
        if visit is not None and self._switchboard.visitors.get(session) is visit:
            self._switchboard.visitors[session] = visit.outbox

    def hand_on(self, visit: _Visit, failed: _Failed) -> None:
        """Its box is not there for it: it is over at that one."""
        choosing = asyncio.get_running_loop().create_task(self._hand_on(visit, failed))
        self._choosing.add(choosing)
        choosing.add_done_callback(self._choosing.discard)

    async def _hand_on(self, visit: _Visit, failed: _Failed) -> None:
        session = visit.request.session
        visit.tried |= {visit.request.alias}
        following = None
        if len(visit.tried) < MOST_BOXES:
            following = await self.another(visit.request, visit.tried)
        if self._visits.get(session) is not visit:
            return  # its visitor has left meanwhile
        if following is None:
            self.over(session)
            visit.outbox.send(failed.payload)
            visit.outbox.close(failed.close_code, failed.error.code)
            return
        log.info(
            "visit handed on",
            session=session[:8],
            code=failed.error.code,
            alias=visit.request.alias,
            to=following.alias,
        )
        visit.request = following
        self._begin(following)
        for message in visit.messages:
            self._send(session, message)


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why a box is not there for a visit, as its visitor would be told."""

    payload: str
    error: VisitError
    close_code: int = 1000


@dataclass(eq=False, slots=True)
class _Visit:
    """Stands in the place of the visitor's outbox until there is an answer.

    messages: what the visitor has sent. tried: aliases of boxes that it has been at.
    """

    handing: HandingOn
    request: VisitRequest
    outbox: VisitorOutbox
    messages: list[VisitMessage] = field(default_factory=list)
    tried: frozenset[str] = frozenset()
    failed: _Failed | None = None

    def send(self, payload: str) -> None:
        """Queue one message, unless another box may be there."""
        message = decode_visit(payload)
        if isinstance(message, VisitError) and message.code in HANDED_ON:
            self.failed = _Failed(payload, message)
            return
        if isinstance(message, VisitAnswer):
            self.handing.over(self.request.session)
        self.outbox.send(payload)

    def close(self, code: int, reason: str) -> None:
        """The visit is over at this box."""
        failed, self.failed = self.failed, None
        if failed is None:
            self.handing.over(self.request.session)
            self.outbox.close(code, reason)
        else:
            self.handing.hand_on(self, _Failed(failed.payload, failed.error, code))


async def _nobody(request: VisitRequest, tried: frozenset[str]) -> VisitRequest | None:
    return None
