"""Two associations joined by two emulated paths, on a fake clock."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from p2claw.dataplane.core._sctp import Association, Event
from tests.support.link_emulator import Path, PathSettings

MICROSECOND = 1e-6  # what times are rounded to


def seed_bytes(random: Random) -> bytes:
    """The 44 bytes that an association takes."""
    return random.randbytes(44)


class Pair:
    """left is the DTLS client, right the server. Events land in `events`, by side.

    late_s: how much after its time each timer is served, as by an event loop under load.
    coalesce_s: how long packets that arrived may wait to be read together with others.
    """

    def __init__(
        self,
        to_right: PathSettings | None = None,
        to_left: PathSettings | None = None,
        *,
        seed: int = 1,
        left: dict[str, object] | None = None,
        right: dict[str, object] | None = None,
        late_s: float = 0.0,
        coalesce_s: float = 0.0,
    ) -> None:
        random = Random(seed)
        self.now = 0.0
        self.sides = [
            Association(server=False, seed=seed_bytes(random), **(left or {})),  # type: ignore[arg-type]
            Association(server=True, seed=seed_bytes(random), **(right or {})),  # type: ignore[arg-type]
        ]
        settings = [to_right or PathSettings(), to_left or PathSettings()]
        self.paths = [Path(s, Random(random.random())) for s in settings]
        self.events: list[list[Event]] = [[], []]
        self.on_event: Callable[[int, Event], None] | None = None
        self.before_sending: Callable[[int], None] | None = None
        self.may_drain = [True, True]
        self.late_s, self.coalesce_s = late_s, coalesce_s
        self.largest_burst = 0  # packets that one to_send gave
        self.largest_wake = 0  # packets that left one side at one time
        self.steps = 0

    @property
    def left(self) -> Association:
        return self.sides[0]

    @property
    def right(self) -> Association:
        return self.sides[1]

    def connect(self, both: bool = True) -> None:
        self.left.connect(self.now)
        if both:
            self.right.connect(self.now)

    def drain(self, side: int) -> None:
        """Events out, then packets out."""
        association = self.sides[side]
        while self.may_drain[side] and (event := association.next_event()):
            if self.on_event:
                self.on_event(side, event)
            else:
                self.events[side].append(event)
        if self.before_sending:
            self.before_sending(side)
        sent = 0
        while True:
            packets = association.to_send(self.now)
            self.largest_burst = max(self.largest_burst, len(packets))
            for packet in packets:
                self.paths[side].send(packet, self.now)
            sent += len(packets)
            self.largest_wake = max(self.largest_wake, sent)
            timeout = association.next_timeout()
            if not packets or timeout is None or timeout > self.now + MICROSECOND:
                return
            association.handle_timeout(self.now)

    def next_time(self) -> float | None:
        known = [t + self.late_s for s in self.sides if (t := s.next_timeout()) is not None]
        known += [t + self.coalesce_s for p in self.paths if (t := p.next_arrival()) is not None]
        return max(self.now, min(known)) if known else None

    def step(self) -> bool:
        """To the next thing that happens. False where nothing ever will."""
        at = self.next_time()
        if at is None:
            return False
        self.now = at
        self.steps += 1
        for side in (0, 1):
            association, arriving = self.sides[side], self.paths[1 - side]
            touched = False
            first = arriving.next_arrival()
            if first is not None and first + self.coalesce_s <= at:
                for _, packet in arriving.arrived(at):
                    association.receive(packet, at)
                    touched = True
                    if association.wants_to_send_now:
                        self.drain(side)
            timeout = association.next_timeout()
            if timeout is not None and timeout + self.late_s <= at:
                association.handle_timeout(at)
                touched = True
            if touched:
                self.drain(side)
        return True

    def run(self, until: Callable[[], bool], limit_s: float = 60.0) -> bool:
        """Steps until it is so. False where the time limit came first, or nothing moves."""
        end = self.now + limit_s
        for side in (0, 1):
            self.drain(side)
        while not until():
            at = self.next_time()
            if at is None or at > end:
                return False
            self.step()
        return True

    def run_for(self, seconds: float) -> None:
        end = self.now + seconds
        for side in (0, 1):
            self.drain(side)
        while (at := self.next_time()) is not None and at <= end:
            self.step()
        self.now = end
