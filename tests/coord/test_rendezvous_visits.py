"""p2claw.coord.rendezvous: one visit from the introduction to its end, its bounds and deadlines."""

from __future__ import annotations

import pytest

from p2claw.coord.visit import VisitRequest
from p2claw.wire.signalling import (
    CANDIDATES,
    Apps,
    BoxAnswer,
    BoxCandidate,
    BoxEnd,
    BoxOffer,
    IceServer,
    Refuse,
    VisitAnswer,
    VisitCandidate,
    VisitEnd,
    VisitError,
    VisitOffer,
)
from tests.coord.stage import KEY, PEER_ID, SIGNATURE, Stage, closed, to_box, to_visitor

CANDIDATE = VisitCandidate("candidate:1", "0")


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.box()
    return stage


def _codes(stage: Stage, session: str = "s1") -> list[str]:
    messages = to_visitor(stage.effects(), session)
    return [message.code for message in messages if isinstance(message, VisitError)]


def test_an_offer_reaches_the_box_with_what_it_must_know(stage: Stage) -> None:
    servers = (IceServer(("stun:a",)),)
    request = VisitRequest("s1", "purplecrab", "dog", True, visitor="192.0.2.0/24", box_ice=servers)
    stage.rendezvous.visit(request, stage.now)
    stage.rendezvous.from_visitor("s1", VisitOffer("v=0"), stage.now)
    assert to_box(stage.effects()) == [BoxOffer("s1", "dog", "v=0", servers, "192.0.2.0/24")]


def test_an_answer_reaches_the_visitor(stage: Stage) -> None:
    stage.offered()
    stage.rendezvous.from_box(1, BoxAnswer("s1", "v=0", SIGNATURE))
    assert to_visitor(stage.effects()) == [VisitAnswer("v=0", SIGNATURE)]


def test_a_second_answer_reaches_nobody(stage: Stage) -> None:
    stage.answered()
    stage.rendezvous.from_box(1, BoxAnswer("s1", "v=1", SIGNATURE))
    assert stage.effects() == []


def test_an_answer_before_the_offer_reaches_nobody(stage: Stage) -> None:
    stage.visit()
    stage.effects()
    stage.rendezvous.from_box(1, BoxAnswer("s1", "v=0", SIGNATURE))
    assert stage.effects() == []


def test_candidates_of_the_visitor_reach_the_box_before_it_answered(stage: Stage) -> None:
    stage.offered()
    stage.rendezvous.from_visitor("s1", CANDIDATE, stage.now)
    assert to_box(stage.effects()) == [BoxCandidate("s1", "candidate:1", "0")]


def test_candidates_of_the_box_reach_the_visitor_after_it_answered(stage: Stage) -> None:
    stage.answered()
    stage.rendezvous.from_box(1, BoxCandidate("s1", "", "0"))
    assert to_visitor(stage.effects()) == [VisitCandidate("", "0")]


def test_a_candidate_before_the_offer_breaks_the_protocol(stage: Stage) -> None:
    stage.visit()
    stage.effects()
    stage.rendezvous.from_visitor("s1", CANDIDATE, stage.now)
    assert _codes(stage) == ["protocol"]


def test_a_second_offer_breaks_the_protocol(stage: Stage) -> None:
    stage.offered()
    stage.rendezvous.from_visitor("s1", VisitOffer("v=0"), stage.now)
    assert _codes(stage) == ["protocol"]


def test_a_message_that_only_the_coordinator_sends_breaks_the_protocol(stage: Stage) -> None:
    stage.visit()
    stage.effects()
    stage.rendezvous.from_visitor("s1", Apps((), "purplecrab", PEER_ID), stage.now)
    assert _codes(stage) == ["protocol"]


def test_a_visitor_that_breaks_the_protocol_is_closed_with_its_code(stage: Stage) -> None:
    stage.visit()
    stage.effects()
    stage.rendezvous.violated("s1", "why")
    assert closed(stage.effects()) == [4000]


def test_as_many_candidates_as_may_be_and_the_end_of_them_reach_the_box(stage: Stage) -> None:
    stage.offered()
    for _ in range(CANDIDATES):
        stage.rendezvous.from_visitor("s1", CANDIDATE, stage.now)
    stage.rendezvous.from_visitor("s1", VisitCandidate("", "0"), stage.now)
    assert len(to_box(stage.effects())) == CANDIDATES + 1


def test_more_candidates_of_the_visitor_break_the_protocol(stage: Stage) -> None:
    stage.offered()
    for _ in range(CANDIDATES + 2):
        stage.rendezvous.from_visitor("s1", CANDIDATE, stage.now)
    assert _codes(stage) == ["protocol"]


def test_more_candidates_of_the_box_break_the_protocol(stage: Stage) -> None:
    stage.answered()
    for _ in range(CANDIDATES + 2):
        stage.rendezvous.from_box(1, BoxCandidate("s1", "candidate:1", "0"))
    assert _codes(stage) == ["protocol"]


def test_a_box_that_sends_too_many_candidates_is_sent_the_end(stage: Stage) -> None:
    stage.answered()
    for _ in range(CANDIDATES + 2):
        stage.rendezvous.from_box(1, BoxCandidate("s1", "candidate:1", "0"))
    assert to_box(stage.effects()) == [BoxEnd("s1")]


def test_the_end_of_a_visit_is_sent_to_the_box(stage: Stage) -> None:
    stage.answered()
    stage.rendezvous.from_visitor("s1", VisitEnd(), stage.now)
    assert to_box(stage.effects()) == [BoxEnd("s1")]


def test_the_end_of_a_visit_closes_it_in_good_order(stage: Stage) -> None:
    stage.answered()
    stage.rendezvous.from_visitor("s1", VisitEnd(), stage.now)
    assert closed(stage.effects()) == [1000]


def test_a_visitor_that_vanishes_is_reported_to_the_box(stage: Stage) -> None:
    stage.offered()
    stage.rendezvous.visitor_gone("s1")
    assert to_box(stage.effects()) == [BoxEnd("s1")]


def test_a_visitor_that_never_offered_is_nothing_to_the_box(stage: Stage) -> None:
    stage.visit()
    stage.rendezvous.visitor_gone("s1")
    assert to_box(stage.effects()) == []


def test_what_comes_for_a_visit_that_is_over_is_ignored(stage: Stage) -> None:
    stage.offered()
    stage.rendezvous.visitor_gone("s1")
    stage.effects()
    stage.rendezvous.from_box(1, BoxAnswer("s1", "v=0", SIGNATURE))
    assert stage.effects() == []


def test_a_refusal_reaches_the_visitor_with_the_text_of_the_box(stage: Stage) -> None:
    stage.offered()
    stage.rendezvous.from_box(1, Refuse("s1", "app-unknown", "Gone fishing"))
    assert to_visitor(stage.effects()) == [VisitError("app-unknown", "Gone fishing")]


def test_a_refusal_that_is_none_of_a_box_is_read_as_busy(stage: Stage) -> None:
    stage.offered()
    stage.rendezvous.from_box(1, Refuse("s1", "alias-unknown"))
    assert _codes(stage) == ["box-busy"]


def test_a_box_that_gives_up_before_it_answered_is_silent(stage: Stage) -> None:
    stage.offered()
    stage.rendezvous.from_box(1, BoxEnd("s1"))
    assert _codes(stage) == ["box-silent"]


def test_a_box_that_sends_the_end_gets_no_more(stage: Stage) -> None:
    stage.answered()
    stage.rendezvous.from_box(1, BoxEnd("s1"))
    stage.rendezvous.from_visitor("s1", CANDIDATE, stage.now)
    stage.rendezvous.from_visitor("s1", VisitEnd(), stage.now)
    assert to_box(stage.effects()) == []


def test_a_box_has_ten_seconds_to_answer(stage: Stage) -> None:
    stage.offered()
    assert stage.after(9.9) == []


def test_a_box_that_does_not_answer_for_ten_seconds_is_silent(stage: Stage) -> None:
    stage.offered()
    (message,) = to_visitor(stage.after(10.0))
    assert isinstance(message, VisitError) and message.code == "box-silent"


def test_a_box_that_was_silent_is_sent_the_end(stage: Stage) -> None:
    stage.offered()
    assert to_box(stage.after(10.0)) == [BoxEnd("s1")]


def test_an_answer_in_time_is_the_end_of_that_deadline(stage: Stage) -> None:
    stage.answered()
    assert stage.after(59.9) == []


@pytest.mark.parametrize("phase", ["visit", "answered"])
def test_a_visit_is_over_after_a_minute(stage: Stage, phase: str) -> None:
    getattr(stage, phase)()
    stage.effects()
    assert closed(stage.after(60.0)) == [1000]


def test_a_late_offer_does_not_make_a_visit_longer(stage: Stage) -> None:
    stage.visit()
    stage.after(55.0)
    stage.rendezvous.from_visitor("s1", VisitOffer("v=0"), stage.now)
    stage.effects()
    assert closed(stage.after(5.0)) == [1000]


def test_without_visits_there_is_no_deadline(stage: Stage) -> None:
    stage.answered()
    stage.rendezvous.visitor_gone("s1")
    assert stage.rendezvous.next_timeout() is None


def test_the_next_deadline_is_that_of_the_answer(stage: Stage) -> None:
    stage.offered()
    assert stage.rendezvous.next_timeout() == stage.now + 10.0


def test_deadlines_of_visits_that_are_over_do_not_pile_up(stage: Stage) -> None:
    for number in range(20_000):
        stage.offered(f"s{number}")
        stage.rendezvous.visitor_gone(f"s{number}")
    assert len(stage.rendezvous._deadlines._heap) < 2_000


def test_a_visit_keeps_its_deadline_when_others_are_thrown_out() -> None:
    stage = Stage()
    stage.box()
    stage.offered("keep")
    for number in range(5_000):
        stage.offered(f"s{number}")
        stage.rendezvous.visitor_gone(f"s{number}")
    stage.rendezvous.from_box(1, BoxAnswer("keep", "v=0", SIGNATURE))
    stage.effects()
    assert closed(stage.after(60.0), "keep") == [1000]


def test_at_the_limit_of_visits_to_a_box_it_is_busy() -> None:
    stage = Stage(visits_per_box=1)
    stage.box()
    stage.offered("s1")
    stage.visit("s2")
    stage.rendezvous.from_visitor("s2", VisitOffer("v=0"), stage.now)
    assert _codes(stage, "s2") == ["box-busy"]


def test_a_visit_that_was_too_many_is_nothing_to_the_box() -> None:
    stage = Stage(visits_per_box=1)
    stage.box()
    stage.offered("s1")
    stage.visit("s2")
    stage.rendezvous.from_visitor("s2", VisitOffer("v=0"), stage.now)
    assert to_box(stage.effects()) == []


def test_introductions_alone_do_not_make_a_box_busy() -> None:
    stage = Stage(visits_per_box=1)
    stage.box()
    for number in range(5):
        stage.visit(f"s{number}")
    stage.effects()
    stage.rendezvous.from_visitor("s4", VisitOffer("v=0"), stage.now)
    assert len(to_box(stage.effects())) == 1


def test_at_the_limit_of_visits_the_next_is_asked_to_wait() -> None:
    stage = Stage(visits=1)
    stage.box()
    stage.visit("s1")
    stage.visit("s2")
    assert _codes(stage, "s2") == ["rate-limited"]


def test_a_visit_that_is_over_makes_room() -> None:
    stage = Stage(visits=1)
    stage.box()
    stage.visit("s1")
    stage.rendezvous.visitor_gone("s1")
    stage.effects()
    stage.visit("s2")
    assert _codes(stage, "s2") == []


def test_a_box_that_comes_back_does_not_inherit_visits(stage: Stage) -> None:
    stage.answered()
    stage.rendezvous.box_online(2, KEY, "purplecrab", ("dog",))
    stage.effects()
    stage.rendezvous.from_box(2, BoxCandidate("s1", "candidate:1", "0"))
    assert stage.effects() == []
