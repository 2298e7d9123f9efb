"""A visitor and a box, joined in memory, on a clock of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import TypeVar

from p2claw.wire.frames.codec import CODEC, Codec
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import Limits
from p2claw.wire.session import events as ev
from p2claw.wire.session.events import Event
from p2claw.wire.session.session import Session
from tests.wire.session.meter import CreditMeter

Kind = TypeVar("Kind")


class _Room:
    """A channel that counts messages where others count bytes."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    @property
    def buffered_bytes(self) -> int:
        return len(self.messages)

    def send(self, message: bytes) -> None:
        self.messages.append(message)


class Pair:
    """Two sessions and the messages between them."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        codec: Codec = CODEC,
        seed: int | None = None,
        token: bytes = b"",
    ) -> None:
        self.visitor = Session(Role.VISITOR, app="dog", limits=limits, codec=codec)
        self.box = Session(Role.BOX, limits=limits, codec=codec, token=token)
        self._codec = codec
        self._is_metered = not token  # what is sent again would count twice
        self.now = 0.0
        self.up = CreditMeter()
        self.down = CreditMeter()
        self._to_box: deque[bytes] = deque()
        self._to_visitor: deque[bytes] = deque()
        self._random = Random(seed)

    def replace_link(self) -> None:
        """Lose the link, with a random part of what was on its way, and open another."""
        for session, queue in ((self.box, self._to_box), (self.visitor, self._to_visitor)):
            for _ in range(self._random.randint(0, len(queue))):
                session.receive(queue.popleft(), self.now)
            queue.clear()
        resumption = self.visitor.resumption
        assert resumption is not None
        new = Pair(codec=self._codec, token=b"another")
        new.visitor = Session(Role.VISITOR, app="dog", codec=self._codec, resumes=resumption)
        new.exchange()
        (asked,) = emitted(new.box, ev.ResumeAsked)
        self.box.resume(asked.received, self.now)
        new.visitor.receive(self.box.resumed(), self.now)
        (responded,) = emitted(new.visitor, ev.ResumeReplied)
        assert responded.received is not None
        self.visitor.resume(responded.received, self.now)

    def exchange(self) -> None:
        """Carry messages both ways until both sides have nothing more to send."""
        while self.step(1_000):
            pass

    def step(self, most: int | None = None) -> int:
        """Carry a few messages, on a seeded random choice where no number is given; how many."""
        moved = 0
        for session, meters, queue in (
            (self.visitor, (self.up, self.down), self._to_box),
            (self.box, (self.down, self.up), self._to_visitor),
        ):
            for message in self._sent_by(session, self._some(most)):
                if self._is_metered:
                    meters[0].sender_sends(message)
                queue.append(message)
                moved += 1
        for session, meter, queue in (
            (self.box, self.down, self._to_box),
            (self.visitor, self.up, self._to_visitor),
        ):
            for _ in range(min(len(queue), self._some(most))):
                message = queue.popleft()
                meter.sender_reads(message)
                session.receive(message, self.now)
                moved += 1
        return moved

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self._to_box and not self._to_visitor

    def _sent_by(self, session: Session, most: int) -> Iterator[bytes]:
        """Some by `fill`, as a driver has it, the rest one by one."""
        room = _Room()
        session.fill(room, self._random.randint(0, most))
        yield from room.messages
        for _ in range(most - len(room.messages)):
            message = session.to_send(self.now)
            if message is None:
                return
            yield message

    def _some(self, most: int | None) -> int:
        return self._random.randint(0, 5) if most is None else most


def events(session: Session) -> list[Event]:
    """All events that a session has now."""
    emitted = []
    while (event := session.next_event()) is not None:
        emitted.append(event)
    return emitted


def emitted(session: Session, kind: type[Kind]) -> list[Kind]:
    """Its events of one kind; the rest is passed over."""
    return [event for event in events(session) if isinstance(event, kind)]
