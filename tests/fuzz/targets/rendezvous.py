"""The rendezvous: an input is a script of what boxes, visitors and the clock do, one byte a step.

Nothing may raise; every effect can be encoded and concerns somebody who is there; every visit ends.
"""

from __future__ import annotations

import dataclasses

from p2claw.config import ServerLimits
from p2claw.coord.effects import REPLACED, CloseBox, CloseVisitor, ProbeBox, ToBox, ToVisitor
from p2claw.coord.rendezvous import Rendezvous
from p2claw.coord.visit import VisitRequest
from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling import (
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    Refuse,
    VisitCandidate,
    VisitEnd,
    VisitError,
    VisitOffer,
    encode_agent,
    encode_visit,
)

_LIMITS = dataclasses.replace(ServerLimits(), visits=6, visits_per_box=2)
_KEYS = [bytes([number]) * 32 for number in range(3)]
_ALIASES = ["purplecrab", "redfox", "bluewhale"]

# The high half of a byte is the step, in the order below; the low half chooses box, visit and app.
_MEET = bytes((0x00, 0x26, 0x30))  # box 0 comes online, a visitor asks for its dog, and offers
SEEDS = [
    _MEET + bytes((0x50, 0x40, 0x60, 0x70)),
    _MEET + bytes((0x90, 0x26, 0x30, 0xB0, 0x26, 0x30, 0x50, 0xB0, 0x70)),
    _MEET + bytes((0x26, 0x30, 0x26, 0x30, 0x26, 0x30, 0x80, 0x81, 0x26)),
    _MEET + bytes((0xA0, 0x26, 0x00, 0x10, 0x26, 0x20, 0xE8)),
    _MEET + bytes((0x00, 0x50, 0xEF, 0xDF, 0x00, 0x26)),
    _MEET + bytes([0x50, *[0x40] * 70]),
    _MEET + bytes([0x50, *[0x60] * 70]),
    _MEET + bytes((0x30, 0x26, 0x40, 0x26, 0xC0)),
]


class _World:
    def __init__(self) -> None:
        self.now = 0.0
        self.rendezvous = Rendezvous(_LIMITS)
        self.connections = [0, 0, 0]
        self.boxes: set[int] = set()
        self.visitors: set[str] = set()
        self.started = 0
        self.violations = 0

    def step(self, byte: int) -> None:
        what, box, visit = byte >> 4, (byte & 15) % 3, f"s{self.started - (byte & 3)}"
        core, connection = self.rendezvous, self.connections[box]
        match what:
            case 0:
                self.started += 1
                self.connections[box] = self.started
                self.boxes.add(self.started)
                core.box_online(self.started, _KEYS[box], _ALIASES[box], ("dog",))
            case 1:
                core.box_announced(connection, ("dog", "cat")[: byte & 3])
            case 2:
                self.started += 1
                self.visitors.add(f"s{self.started}")
                app = (None, "dog", "cat", "dog")[byte >> 2 & 3]
                request = VisitRequest(f"s{self.started}", _ALIASES[box], app, bool(byte & 1))
                core.visit(dataclasses.replace(request, others=self.started % 2 == 0), self.now)
            case 3:
                core.from_visitor(visit, VisitOffer("offer"), self.now)
            case 4:
                core.from_visitor(visit, VisitCandidate("candidate", "0"), self.now)
            case 5:
                core.from_box(connection, BoxAnswer(visit, "answer", bytes(64)))
            case 6:
                core.from_box(connection, BoxCandidate(visit, "candidate", "0"))
            case 7:
                core.from_visitor(visit, VisitEnd(), self.now)
            case 8:
                core.visitor_gone(visit)
                self.visitors.discard(visit)
            case 9:
                core.from_box(connection, Refuse(visit, "box-busy"))
            case 10:
                core.box_offline(connection)
                self.boxes.discard(connection)
            case 11:
                core.from_box(connection, BoxEnd(visit))
            case 12:
                core.violated(visit, "why")
            case 13 if byte == 0xDF:
                core.shut_down()
            case _:
                self.now += (byte & 15) * 1.5
                core.handle_timeout(self.now)
        self.drain()

    def drain(self) -> None:
        while (effect := self.rendezvous.next_effect()) is not None:
            match effect:
                case ToBox(connection, message):
                    assert connection in self.boxes
                    encode_agent(message)
                case CloseBox(connection, code):
                    if code == REPLACED:
                        self.boxes.remove(connection)
                case ProbeBox(connection):
                    assert connection in self.boxes
                case ToVisitor(session, message):
                    assert session in self.visitors
                    encode_visit(message)
                    if isinstance(message, VisitError) and message.code == "protocol":
                        self.violations += 1
                case CloseVisitor(session):
                    self.visitors.remove(session)
        assert self.rendezvous.visits <= min(_LIMITS.visits, len(self.visitors))
        assert len(self.rendezvous.boxes) <= len(self.boxes)


def run(data: bytes) -> None:
    world = _World()
    for byte in data[:80]:
        world.step(byte)
    while (due := world.rendezvous.next_timeout()) is not None:
        assert world.now < due <= world.now + _LIMITS.visit_s
        world.now = due
        world.rendezvous.handle_timeout(due)
        world.drain()
    assert world.rendezvous.visits == 0
    assert not world.visitors
    if world.violations:
        raise RemoteProtocolError("a visitor or a box broke the protocol, and got an error")
