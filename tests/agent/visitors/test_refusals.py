"""What a box has refused, as status says it."""

from __future__ import annotations

from p2claw.agent.visitors.refusals import Refusals, SessionRefusals, by_kind
from p2claw.wire.session.counters import Counters


def test_counts_of_several_processes_are_one() -> None:
    one, other = Refusals(), Refusals()
    one.count("requests", "box-busy")
    other.count("requests", "box-busy", 2)
    SessionRefusals().note(Counters(streams_refused=3, pings_dropped=1), other)
    one.add(other.counts())
    assert by_kind(one.counts()) == {
        "requests": {"box-busy": 3},
        "streams": {"refused": 3},
        "pings": {"rate": 1},
    }


def test_what_did_not_happen_is_not_listed() -> None:
    refusals = Refusals()
    SessionRefusals().note(Counters(), refusals)
    assert refusals.counts() == {}


def test_what_a_session_has_refused_counts_once_however_often_it_is_noted() -> None:
    refusals, session, counters = Refusals(), SessionRefusals(), Counters()
    for _ in range(3):
        counters.heads_refused += 1
        session.note(counters, refusals)
        session.note(counters, refusals)
    assert refusals.counts() == {"requests/head": 3}


def test_a_copy_goes_its_own_way() -> None:
    refusals = Refusals()
    refusals.copy().count("links", "limit")
    assert refusals.counts() == {}
