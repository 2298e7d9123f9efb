"""Joins the rendezvous to sockets and to the clock: carries out its effects, wakes it in time."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from p2claw.config import ServerLimits
from p2claw.coord.effects import CloseBox, CloseVisitor, Effect, ProbeBox, ToBox, ToVisitor
from p2claw.coord.outbox import Outbox
from p2claw.coord.rendezvous import Rendezvous
from p2claw.log import get_log
from p2claw.wire.signalling import (
    Introduced,
    VisitAnswer,
    VisitError,
    encode_agent,
    encode_visit,
)

log = get_log("coordinator")


class VisitorOutbox(Protocol):
    """What waits for one visitor, by whichever way it has come."""

    def send(self, payload: str) -> None:
        """Queue one message."""

    def close(self, code: int, reason: str) -> None:
        """End the visit after what is queued."""


class Switchboard:
    """The one rendezvous of a process, and the outbox of each connection and session.

    Every call of a method of `rendezvous` must be followed by a call of `drain()`.

    counts: what happened since the start, for `figures.py`: `introduced`, `answered`,
    `refused/CODE` of visits, `registered`, `turned-away/CODE` of boxes.
    """

    def __init__(self, limits: ServerLimits) -> None:
        self.rendezvous = Rendezvous(limits)
        self.counts: Counter[str] = Counter()
        self.boxes: dict[int, Outbox] = {}
        self.visitors: dict[str, VisitorOutbox] = {}
        # Called with a session, and the code of the error that is sent to its visitor.
        self.on_refused: Callable[[str, str], None] = lambda session, code: None
        self._connections = itertools.count(1)
        self._timer: asyncio.TimerHandle | None = None

    def new_connection(self) -> int:
        """A number that no other connection of this process has."""
        return next(self._connections)

    def drain(self) -> None:
        """Carry out all effects, and set the alarm for the next deadline."""
        while (effect := self.rendezvous.next_effect()) is not None:
            self._carry_out(effect)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.rendezvous.next_timeout()
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._wake)

    def shut_down(self) -> None:
        """End the visits and control connections: this process goes down."""
        self.rendezvous.shut_down()
        self.drain()

    def _wake(self) -> None:
        self._timer = None
        self.rendezvous.handle_timeout(asyncio.get_running_loop().time())
        self.drain()

    def _carry_out(self, effect: Effect) -> None:
        # A connection whose outbox is gone has just been lost; its reader reports that itself.
        match effect:
            case ToBox(connection, message):
                if (box := self.boxes.get(connection)) is not None:
                    box.send(encode_agent(message))
            case CloseBox(connection, code, reason):
                if (box := self.boxes.get(connection)) is not None:
                    box.close(code, reason)
            case ProbeBox(connection):
                if (box := self.boxes.get(connection)) is not None:
                    box.ping()
            case ToVisitor(session, message):
                if isinstance(message, VisitError):
                    log.info("visit refused", session=session[:8], code=message.code)
                    self.counts[f"refused/{message.code}"] += 1
                    self.on_refused(session, message.code)
                elif isinstance(message, Introduced):
                    self.counts["introduced"] += 1
                elif isinstance(message, VisitAnswer):
                    self.counts["answered"] += 1
                if (visitor := self.visitors.get(session)) is not None:
                    visitor.send(encode_visit(message))
            case CloseVisitor(session, code, reason):
                if (visitor := self.visitors.get(session)) is not None:
                    visitor.close(code, reason)
