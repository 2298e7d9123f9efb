"""When a box doubts its own way, on a fake clock."""

from __future__ import annotations

from p2claw.agent.visitors.silence import Silence
from p2claw.wire.session.pace import LOOK_S


class Port:
    """Datagrams that come as a test says, looked at ten times per second."""

    def __init__(self, *, busy: bool = True) -> None:
        self.now = 90_000.0  # of a clock that began with the machine
        self.busy = busy
        self.datagrams = 0
        self.doubts: list[float] = []
        self.silence = Silence(
            lambda: self.datagrams, lambda: self.busy, lambda: self.doubts.append(self.now)
        )

    def receive(self, *, every_s: float, for_s: float) -> None:
        end, due = self.now + for_s, self.now
        while self.now < end:
            self.now += LOOK_S
            if self.now >= due:
                due += every_s
                self.datagrams += 1
            self.silence.look(self.now)

    def receive_nothing(self, for_s: float) -> None:
        self.receive(every_s=2 * for_s, for_s=0.2)  # the last that comes
        end = self.now + for_s
        while self.now < end:
            self.now += LOOK_S
            self.silence.look(self.now)


def test_a_box_that_gets_nothing_any_more_doubts_its_way_once() -> None:
    port = Port()
    port.receive(every_s=0.1, for_s=5)
    began = port.now
    port.receive_nothing(30)
    assert len(port.doubts) == 1
    assert port.doubts[0] - began < 1


def test_it_doubts_again_after_something_arrived() -> None:
    port = Port()
    for _ in range(2):
        port.receive(every_s=0.1, for_s=5)
        port.receive_nothing(5)
    assert len(port.doubts) == 2


def test_an_even_pace_is_not_doubted() -> None:
    port = Port()
    port.receive(every_s=0.5, for_s=60)
    assert port.doubts == []


def test_silence_is_no_wonder_where_nobody_asks() -> None:
    port = Port(busy=False)
    port.receive(every_s=0.1, for_s=5)
    port.receive_nothing(30)
    assert port.doubts == []


def test_how_long_nobody_came_reveals_nothing_of_the_pace() -> None:
    port = Port()
    port.receive(every_s=0.1, for_s=5)
    port.busy = False
    port.receive_nothing(600)
    port.busy = True
    port.receive(every_s=0.1, for_s=2)
    began = port.now
    port.receive_nothing(5)
    assert len(port.doubts) == 1
    assert port.doubts[0] - began < 1
