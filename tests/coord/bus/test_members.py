"""p2claw.coord.bus.members: which nodes may hold boxes although their lease has ended."""

from __future__ import annotations

from p2claw.coord.bus.locating import RETURN_S
from p2claw.coord.bus.members import APART_S, Members

ALIVE = (-8.0, False)


def members(**found: tuple[float, bool]) -> Members:
    known = Members("own")
    known.listed({"own": ALIVE, **found}, 100.0)
    return known


def test_a_node_with_a_lease_is_accounted_for_and_holds_what_it_holds() -> None:
    known = members(other=ALIVE)
    assert known.gone_for_s("other", 101.0) == -7.0
    assert known.released_for_s("other", 101.0) is None
    assert known.all_accounted(101.0)
    assert known.gone_for_s("stranger", 101.0) is None


def test_a_node_whose_lease_has_ended_may_hold_boxes_until_it_has_been_called_lost_for_long() -> (
    None
):
    known = members(other=(0.5, False))
    assert known.undeclared() == ["other"]
    assert not known.all_accounted(1_000_000.0), "nobody knows of it, so it may have agents"
    known.declared("other", 101.0)
    assert known.undeclared() == []
    assert known.released_for_s("other", 101.0 + APART_S - 0.1) is None
    assert known.released_for_s("other", 101.0 + APART_S + 2.0) == 2.0
    assert known.all_accounted(101.0 + APART_S)


def test_a_node_that_left_by_itself_holds_nothing() -> None:
    known = members(other=(0.5, True))
    assert known.undeclared() == []
    assert known.released_for_s("other", 101.0) == 1.5
    assert known.all_accounted(100.0)


def test_a_node_that_has_its_lease_again_is_called_lost_anew_if_it_ends_once_more() -> None:
    known = members(other=(0.5, False))
    known.declared("other", 100.5)
    known.listed({"own": ALIVE, "other": ALIVE}, 102.0)
    assert known.all_accounted(102.0)
    known.listed({"own": ALIVE, "other": (0.1, False)}, 111.0)
    assert known.undeclared() == ["other"]
    assert known.released_for_s("other", 102.0 + APART_S) is None


def test_what_the_store_acknowledges_late_does_not_count_against_a_node_that_is_back() -> None:
    known = members(other=(0.5, False))
    known.listed({"own": ALIVE, "other": ALIVE}, 101.0)
    known.declared("other", 101.5)
    known.listed({"own": ALIVE, "other": (0.0, False)}, 110.0)
    assert known.undeclared() == ["other"]


def test_a_bus_that_has_forgotten_everything_hides_no_node() -> None:
    known = members(other=ALIVE)
    known.listed({"own": ALIVE}, 102.0)
    assert known.undeclared() == [], "it may be about to write itself anew"
    assert known.all_accounted(102.0)
    known.listed({"own": ALIVE}, 109.0)
    assert known.undeclared() == ["other"]
    assert not known.all_accounted(109.0)


def test_a_node_that_reads_no_list_calls_nobody_lost() -> None:
    known = members(other=ALIVE)
    assert known.gone_for_s("other", 200.0) == 92.0
    assert known.undeclared() == []


def test_a_node_is_forgotten_once_its_boxes_are_elsewhere_or_offline() -> None:
    known = members(other=(0.0, True))
    known.listed({"own": ALIVE}, 100.0 + RETURN_S - 0.1)
    assert known.gone_for_s("other", 200.0) is not None
    known.listed({"own": ALIVE}, 100.0 + RETURN_S)
    assert known.gone_for_s("other", 200.0) is None


def test_a_node_does_not_doubt_itself() -> None:
    known = members()
    assert known.all_accounted(1_000.0)
    known.listed({}, 1_000.0)
    assert known.undeclared() == []
