"""The visits of this process's visitors, whichever node their box is connected to."""

from __future__ import annotations

import asyncio

from p2claw.coord.effects import PROTOCOL
from p2claw.coord.handing_on import HandingOn
from p2claw.coord.nodes.forwarding import Forwarding
from p2claw.coord.rendezvous import BUSY_RETRY_S
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.visit import VisitRequest
from p2claw.wire.signalling import VisitError, VisitMessage


class Visits:
    """Leads each visit to the rendezvous, or to the node that has the box. forwarding: None
    without a bus.
    """

    def __init__(self, switchboard: Switchboard, forwarding: Forwarding | None) -> None:
        self._switchboard = switchboard
        self._forwarding = forwarding
        self.handing = HandingOn(switchboard, self._begin, self._send)

    def begin(self, request: VisitRequest) -> None:
        """A visit, whose outbox is in the switchboard."""
        if request.others:
            self.handing.follow(request)
        self._begin(request)

    def _begin(self, request: VisitRequest) -> None:
        if self._forwarding is not None and request.node:
            self._forwarding.begin(request, request.node)
            return
        self._switchboard.rendezvous.visit(request, asyncio.get_running_loop().time())
        self._switchboard.drain()

    def from_visitor(self, session: str, message: VisitMessage) -> None:
        """The visitor has sent something."""
        self.handing.sent(session, message)
        self._send(session, message)

    def _send(self, session: str, message: VisitMessage) -> None:
        if self._forwarding is not None and session in self._forwarding:
            self._forwarding.from_visitor(session, message)
            return
        now = asyncio.get_running_loop().time()
        self._switchboard.rendezvous.from_visitor(session, message, now)
        self._switchboard.drain()

    def violated(self, session: str, why: str) -> None:
        """The visitor broke docs/WIRE.md §12: it gets an error, and the visit is over."""
        if self._forwarding is not None and session in self._forwarding:
            self._forwarding.end(session, VisitError("protocol", why), PROTOCOL)
            return
        self._switchboard.rendezvous.violated(session, why)
        self._switchboard.drain()

    def too_much(self, session: str) -> None:
        """The visitor's address sends messages faster than they are read: it gets an error."""
        if self._forwarding is not None and session in self._forwarding:
            message = "Too many messages from this address"
            self._forwarding.end(session, VisitError("rate-limited", message, BUSY_RETRY_S))
            return
        self._switchboard.rendezvous.too_much(session)
        self._switchboard.drain()

    def gone(self, session: str) -> None:
        """The visitor has left, whoever ended the visit."""
        self.handing.over(session)
        if self._forwarding is not None and session in self._forwarding:
            self._forwarding.end(session, None)
            return
        self._switchboard.rendezvous.visitor_gone(session)
        self._switchboard.drain()
