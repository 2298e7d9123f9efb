"""When silence on a link is suspicious, on a fake clock."""

from __future__ import annotations

from itertools import pairwise

import pytest

from p2claw.wire.session.pace import LOOK_S, PING_APART_S, Doubt, Pace

RTT_S = 0.04


class Watch:
    """Looks ten times per second at a link on which messages come as a test says."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.now = 0.0
        self.messages = 0
        self.pace.begin(self.now)
        self.pong()

    def pong(self) -> None:
        self.messages += 1
        self.pace.pong(RTT_S, self.now)

    def receive(self, *, every_s: float, for_s: float) -> None:
        """Messages come at this pace. Fails if anything is doubted; PINGs are acknowledged."""
        end, due = self.now + for_s, self.now
        while self.now < end:
            self.now += LOOK_S
            if self.now >= due:
                due += every_s
                self.messages += 1
            doubt = self.pace.look(self.messages, self.now)
            assert doubt is not Doubt.SUSPECT
            if doubt is Doubt.PING:
                self.pong()

    def silence_finely(self, wanted: Doubt) -> float:
        """The same for who looks as often as the pace wants it."""
        return self.silence_until(wanted, every_s=self.pace.look_s)

    def silence_until(self, wanted: Doubt, *, most_s: float = 60, every_s: float = LOOK_S) -> float:
        """Nothing comes: how long it takes."""
        began = self.now
        while self.now < began + most_s:
            self.now += every_s
            if self.pace.look(self.messages, self.now) is wanted:
                return self.now - began
        raise AssertionError(f"not {wanted} within {most_s} s")


def test_a_stream_that_stops_is_suspected_within_half_a_second() -> None:
    watch = Watch()
    watch.receive(every_s=0.1, for_s=5)
    assert watch.silence_finely(Doubt.SUSPECT) < 0.5


def test_a_slow_stream_is_given_its_time() -> None:
    watch = Watch()
    watch.receive(every_s=1, for_s=20)
    assert 1.4 < watch.silence_until(Doubt.PING) < 1.8


def test_a_link_that_was_suspected_by_mistake_is_given_more_time_for_the_next_reply() -> None:
    watch, patience = Watch(), []
    for _ in range(3):
        watch.receive(every_s=0.1, for_s=5)
        watch.silence_finely(Doubt.PING)
        patience.append(watch.silence_finely(Doubt.SUSPECT))
        watch.pong()
    assert patience[0] < patience[1] < patience[2]


def test_who_has_stood_still_waits_for_the_reply_once_more() -> None:
    watch = Watch()
    watch.receive(every_s=0.1, for_s=5)
    watch.silence_finely(Doubt.PING)
    watch.now += 1800
    assert watch.pace.look(watch.messages, watch.now) is Doubt.NOTHING
    assert watch.silence_finely(Doubt.SUSPECT) < 0.5


def test_who_stands_still_at_each_look_waits_longer_and_not_for_ever() -> None:
    watch, looks = Watch(), 0
    watch.receive(every_s=0.1, for_s=5)
    watch.silence_finely(Doubt.PING)
    doubt = Doubt.NOTHING
    while doubt is Doubt.NOTHING:
        watch.now += watch.pace.look_s + 1.0
        doubt = watch.pace.look(watch.messages, watch.now)
        looks += 1
    assert doubt is Doubt.SUSPECT
    assert 8 <= looks <= 12


def test_bursts_are_not_asked_after_more_often_than_the_other_side_replies() -> None:
    watch, asked = Watch(), 0
    for _ in range(100):
        watch.messages += 1
        for _ in range(4):
            watch.now += LOOK_S
            if watch.pace.look(watch.messages, watch.now) is Doubt.PING:
                asked += 1
                watch.pong()
        for _ in range(20):
            watch.messages += 1
            watch.now += 0.001
            watch.pace.look(watch.messages, watch.now)
    assert 10 < asked <= 100 * 0.42 / PING_APART_S + 1


@pytest.mark.parametrize("every_s", [0.1, 0.7, 5, 40])
def test_an_even_pace_is_never_suspected(every_s: float) -> None:
    Watch().receive(every_s=every_s, for_s=300)


def test_a_link_on_which_nothing_is_sent_is_asked_ever_more_seldom() -> None:
    watch = Watch()
    asked = []
    for _ in range(8):
        asked.append(watch.silence_until(Doubt.PING))
        watch.pong()
    assert all(later > earlier - LOOK_S for earlier, later in pairwise(asked))
    assert 9 < asked[-1] < 11


def test_the_first_request_after_a_long_silence_asks_at_once() -> None:
    watch = Watch()
    watch.now += 1800
    assert watch.pace.begin(watch.now) is Doubt.PING
    assert watch.silence_until(Doubt.SUSPECT) < 0.5


def test_a_request_soon_after_another_asks_nothing() -> None:
    watch = Watch()
    watch.receive(every_s=0.1, for_s=1)
    assert watch.pace.begin(watch.now) is Doubt.NOTHING


def test_another_link_begins_without_suspicion() -> None:
    watch = Watch()
    watch.receive(every_s=0.1, for_s=1)
    watch.silence_until(Doubt.SUSPECT)
    watch.pace.renewed(watch.now)
    assert watch.pace.look(watch.messages, watch.now) is Doubt.NOTHING
