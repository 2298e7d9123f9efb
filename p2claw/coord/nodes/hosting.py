"""Visits that came to another node, of boxes that are connected to this one.

Here each is a visit like any other; what the rendezvous has for its visitor goes to its origin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.messages import Astray, Begin, Closed, FromVisitor, Gone, ToVisitor
from p2claw.coord.nearness import Nearness
from p2claw.coord.switchboard import Switchboard
from p2claw.coord.visit import VisitRequest
from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling import Unknown, VisitError, decode_visit

# Makes the request of a visit: session, alias, app, visitor, near. It has the ICE servers.
MakeRequest = Callable[[str, str, str | None, str, Nearness], VisitRequest]


class Hosting:
    """The visits of other nodes' visitors."""

    def __init__(self, bus: Bus, switchboard: Switchboard, make_request: MakeRequest) -> None:
        self._bus = bus
        self._switchboard = switchboard
        self._make_request = make_request

    def begin(self, message: Begin) -> None:
        """A visitor at another node asks for a box of this one."""
        session, rendezvous = message.session, self._switchboard.rendezvous
        if session in self._switchboard.visitors:
            return
        if not rendezvous.boxes.is_online(message.alias):
            self._bus.send(message.origin, Astray(session))
            return
        request = replace(
            self._make_request(
                *(session, message.alias, message.app, message.visitor),
                Nearness(message.near, message.is_measured),
            ),
            team=message.team,
            statements=message.statements,
            keeps=message.keeps,
            others=message.others,
            box=message.box,
        )
        self._switchboard.visitors[session] = _Origin(
            self._bus, message.origin, session, self._forget
        )
        rendezvous.visit(request, asyncio.get_running_loop().time())
        self._switchboard.drain()

    def from_visitor(self, message: FromVisitor) -> None:
        """The visitor has sent something."""
        rendezvous = self._switchboard.rendezvous
        try:
            decoded = decode_visit(message.text)
        except RemoteProtocolError as error:
            rendezvous.violated(message.session, error.message)
        else:
            if not isinstance(decoded, Unknown):
                now = asyncio.get_running_loop().time()
                rendezvous.from_visitor(message.session, decoded, now)
        self._switchboard.drain()

    def gone(self, message: Gone) -> None:
        """The visitor has left."""
        if isinstance(self._switchboard.visitors.get(message.session), _Origin):
            self._forget(message.session)
            self._switchboard.rendezvous.visitor_gone(message.session)
            self._switchboard.drain()

    def _forget(self, session: str) -> None:
        self._switchboard.visitors.pop(session, None)


class _Origin:
    """As the outbox of a visitor: at the node where it is."""

    def __init__(self, bus: Bus, node: str, session: str, on_closed: Callable[[str], None]) -> None:
        self._bus = bus
        self._node = node
        self._session = session
        self._on_closed = on_closed

    def send(self, payload: str) -> None:
        self._bus.send(self._node, ToVisitor(self._session, payload, _code_of(payload)))

    def close(self, code: int, reason: str) -> None:
        self._bus.send(self._node, Closed(self._session, code, reason))
        self._on_closed(self._session)


def _code_of(payload: str) -> str:
    if '"error"' not in payload[:40]:
        return ""
    decoded = decode_visit(payload)
    return decoded.code if isinstance(decoded, VisitError) else ""
