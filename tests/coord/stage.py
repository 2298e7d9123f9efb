"""A rendezvous on a fake clock: boxes and visits in a line each, effects as lists."""

from __future__ import annotations

import dataclasses

from p2claw import names
from p2claw.config import ServerLimits
from p2claw.coord.effects import CloseVisitor, Effect, ToBox, ToVisitor
from p2claw.coord.rendezvous import Rendezvous
from p2claw.coord.visit import VisitRequest
from p2claw.wire.signalling import AgentMessage, BoxAnswer, VisitMessage, VisitOffer

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
SIGNATURE = bytes(64)


class Stage:
    """`now` is moved by tests alone."""

    def __init__(self, **limits: int | float) -> None:
        self.now = 1000.0
        self.rendezvous = Rendezvous(dataclasses.replace(ServerLimits(), **limits))

    def effects(self) -> list[Effect]:
        """All effects since the last call."""
        found: list[Effect] = []
        while (effect := self.rendezvous.next_effect()) is not None:
            found.append(effect)
        return found

    def box(
        self,
        connection: int = 1,
        apps: tuple[str, ...] = ("dog",),
        alias: str = "purplecrab",
        key: bytes = KEY,
    ) -> None:
        """A box that is online and has announced."""
        self.rendezvous.box_online(connection, key, alias, ())
        self.rendezvous.box_announced(connection, apps)

    def visit(
        self,
        session: str = "s1",
        alias: str = "purplecrab",
        app: str | None = "dog",
        known: bool = True,
        others: bool = False,
    ) -> None:
        """A visitor connects."""
        request = VisitRequest(session, alias, app, known, others=others)
        self.rendezvous.visit(request, self.now)

    def offered(self, session: str = "s1", *, others: bool = False) -> None:
        """A visitor connects and sends its offer; the effects so far are gone."""
        self.visit(session, others=others)
        self.rendezvous.from_visitor(session, VisitOffer(f"offer of {session}"), self.now)
        self.effects()

    def answered(self, session: str = "s1", connection: int = 1) -> None:
        """As `offered`, and the box has answered."""
        self.offered(session)
        self.rendezvous.from_box(connection, BoxAnswer(session, "answer", SIGNATURE))
        self.effects()

    def after(self, seconds: float) -> list[Effect]:
        """What happens on its own account within so many seconds."""
        self.now += seconds
        self.rendezvous.handle_timeout(self.now)
        return self.effects()


def to_visitor(effects: list[Effect], session: str = "s1") -> list[VisitMessage]:
    return [e.message for e in effects if isinstance(e, ToVisitor) and e.session == session]


def to_box(effects: list[Effect], connection: int = 1) -> list[AgentMessage]:
    return [e.message for e in effects if isinstance(e, ToBox) and e.connection == connection]


def closed(effects: list[Effect], session: str = "s1") -> list[int]:
    return [e.code for e in effects if isinstance(e, CloseVisitor) and e.session == session]


PEER_ID = names.peer_id_of(KEY)
KEY_ALIAS = names.key_alias_of(KEY)
