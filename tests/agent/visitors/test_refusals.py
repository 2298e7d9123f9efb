"""What a box has refused, as status says it."""

from __future__ import annotations

from p2claw.agent.visitors.refusals import Refusals, by_kind
from p2claw.wire.session.counters import Counters


def test_counts_of_several_processes_are_one() -> None:
    one, other = Refusals(), Refusals()
    one.count("requests", "box-busy")
    other.count("requests", "box-busy", 2)
    other.of_session(Counters(streams_refused=3, pings_dropped=1))
    one.add(other.counts())
    assert by_kind(one.counts()) == {
        "requests": {"box-busy": 3},
        "streams": {"refused": 3},
        "pings": {"rate": 1},
    }


def test_what_did_not_happen_is_not_listed() -> None:
    refusals = Refusals()
    refusals.of_session(Counters())
    assert refusals.counts() == {}


def test_a_copy_goes_its_own_way() -> None:
    refusals = Refusals()
    refusals.copy().count("links", "limit")
    assert refusals.counts() == {}
