"""p2claw.coord.rendezvous: a box that does not answer is doubted until something comes from it."""

from __future__ import annotations

import pytest

from p2claw.config import ServerLimits
from p2claw.coord.effects import Effect, ProbeBox, ToBox
from p2claw.wire.signalling import BoxAnswer, BoxEnd, Introduced, VisitError, VisitOffer
from tests.coord.stage import SIGNATURE, Stage, to_box, to_visitor

LIMITS = ServerLimits()


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.box()
    return stage


def codes(effects: list[Effect], session: str = "s1") -> list[str]:
    messages = to_visitor(effects, session)
    return [message.code for message in messages if isinstance(message, VisitError)]


def doubted(stage: Stage) -> None:
    stage.offered("s0", others=True)
    stage.after(LIMITS.next_box_s)


def test_a_visit_that_another_box_may_have_ends_soon_and_the_box_is_told(stage: Stage) -> None:
    stage.offered(others=True)
    assert codes(stage.after(LIMITS.next_box_s - 0.1)) == []
    effects = stage.after(0.1)
    assert codes(effects) == ["box-silent"]
    assert to_box(effects) == [BoxEnd("s1")]


def test_a_visit_that_no_other_box_may_have_waits_longer(stage: Stage) -> None:
    stage.offered()
    assert stage.after(LIMITS.answer_s - 0.1) == []
    assert codes(stage.after(0.1)) == ["box-silent"]


def test_a_silent_box_is_asked_once_whether_it_lives(stage: Stage) -> None:
    stage.offered("s1", others=True)
    stage.offered("s2", others=True)
    effects = stage.after(LIMITS.next_box_s)
    assert [one for one in effects if isinstance(one, ProbeBox)] == [ProbeBox(1)]


def test_a_doubted_box_is_not_asked_if_another_may_be(stage: Stage) -> None:
    doubted(stage)
    stage.visit("s1", others=True)
    assert codes(stage.effects()) == ["box-silent"]


def test_a_box_that_is_doubted_since_the_introduction_is_not_asked_either(stage: Stage) -> None:
    stage.visit("s1", others=True)
    doubted(stage)
    stage.rendezvous.from_visitor("s1", VisitOffer("offer"), stage.now)
    effects = stage.effects()
    assert codes(effects) == ["box-silent"]
    assert not any(isinstance(one, ToBox) for one in effects)


def test_a_doubted_box_is_asked_if_there_is_no_other(stage: Stage) -> None:
    doubted(stage)
    stage.offered("s1")
    stage.rendezvous.from_box(1, BoxAnswer("s1", "answer", SIGNATURE))
    assert len(to_visitor(stage.effects())) == 1


def test_a_box_from_which_something_comes_is_trusted_again(stage: Stage) -> None:
    doubted(stage)
    stage.rendezvous.box_lives(1)
    stage.visit("s1", others=True)
    (introduced,) = to_visitor(stage.effects())
    assert isinstance(introduced, Introduced)
    assert not stage.rendezvous.boxes.is_doubted("purplecrab")
