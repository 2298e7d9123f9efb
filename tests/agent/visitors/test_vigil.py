"""Who is gone: silent for five seconds, and without a reply to a PING."""

from __future__ import annotations

from dataclasses import dataclass, field

from p2claw.agent.visitors.vigil import OPENING_S, REPLY_S, SILENT_S, Vigil


@dataclass
class Link:
    received_at: float = 0.0
    is_open: bool = True
    asked: int = 0

    def silent_s(self, now: float) -> float:
        return now - self.received_at

    def ask(self) -> None:
        self.asked += 1


@dataclass
class Watch:
    """A vigil over one link."""

    link: Link = field(default_factory=Link)
    changes: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.vigil = Vigil(lambda session, is_gone: self.changes.append(is_gone))

    def look(self, now: float) -> None:
        self.vigil.look({"one": self.link}, now)


def test_who_does_not_reply_is_gone() -> None:
    watch = Watch()
    watch.look(SILENT_S)
    assert (watch.link.asked, watch.changes) == (1, [])
    watch.look(SILENT_S + REPLY_S - 0.1)
    assert watch.changes == []
    watch.look(SILENT_S + REPLY_S)
    watch.look(SILENT_S + REPLY_S + 1)
    assert (watch.link.asked, watch.changes) == (1, [True])


def test_who_replies_is_there_and_asked_again_after_the_next_silence() -> None:
    watch = Watch()
    watch.look(SILENT_S)
    watch.link.received_at = SILENT_S + 0.1
    watch.look(SILENT_S + REPLY_S)
    watch.look(2 * SILENT_S + 1)
    assert (watch.link.asked, watch.changes) == (2, [])


def test_who_sends_something_after_all_keeps_its_place() -> None:
    watch = Watch()
    watch.look(SILENT_S)
    watch.look(SILENT_S + REPLY_S)
    watch.link.received_at = SILENT_S + REPLY_S + 1
    watch.look(SILENT_S + REPLY_S + 2)
    assert watch.changes == [True, False]


def test_who_was_silent_before_there_was_a_crowd_is_asked_first() -> None:
    watch = Watch()
    watch.look(1000.0)
    assert (watch.link.asked, watch.changes) == (1, [])


def test_a_link_that_does_not_open_is_gone_without_being_asked() -> None:
    watch = Watch(Link(is_open=False))
    watch.look(OPENING_S - 0.1)
    assert watch.changes == []
    watch.look(OPENING_S)
    assert (watch.link.asked, watch.changes) == (0, [True])


def test_when_the_crowd_is_over_nobody_is_gone() -> None:
    watch = Watch()
    watch.look(SILENT_S)
    watch.look(SILENT_S + REPLY_S)
    watch.vigil.rest()
    assert watch.changes == [True, False]
