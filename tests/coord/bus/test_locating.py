"""p2claw.coord.bus.locating: a box is called offline only if it is known to be."""

from __future__ import annotations

import pytest

from p2claw.coord.bus.locating import (
    RETURN_S,
    SETTLE_S,
    Calm,
    Entry,
    Facts,
    Whereabouts,
    dialled,
    located,
)

ENTRY = Entry("other", 1, Facts())
MINE = Entry("mine", 1, Facts())
THERE, OFFLINE, UNKNOWN = Whereabouts


@pytest.mark.parametrize(
    "entry, gone_for_s, released_for_s, settled, where",
    [
        (None, None, None, True, OFFLINE),
        (None, None, None, False, UNKNOWN),  # it may have been forgotten
        (ENTRY, -0.1, None, True, THERE),
        (ENTRY, -0.1, None, False, THERE),
        (ENTRY, 0.0, None, True, UNKNOWN),  # its node may be cut off, and hold it
        (ENTRY, 1_000.0, None, True, UNKNOWN),
        (ENTRY, 0.0, 0.0, True, UNKNOWN),  # the box may be coming back
        (ENTRY, RETURN_S, RETURN_S - 0.1, True, UNKNOWN),
        (ENTRY, RETURN_S, RETURN_S, True, OFFLINE),
        (ENTRY, RETURN_S, RETURN_S, False, UNKNOWN),
        (ENTRY, None, None, True, OFFLINE),  # gone for longer than is remembered
        (ENTRY, None, None, False, UNKNOWN),
        (MINE, None, None, True, OFFLINE),  # this node knows best that it is not here
        (MINE, None, None, False, UNKNOWN),
    ],
)
def test_where_a_box_is(
    entry: Entry | None,
    gone_for_s: float | None,
    released_for_s: float | None,
    settled: bool,
    where: Whereabouts,
) -> None:
    found = located(entry, "mine", gone_for_s, released_for_s, settled)
    assert found.whereabouts is where
    assert (found.entry is ENTRY) == (where is THERE)


def test_what_is_missing_is_believed_once_all_nodes_had_time_to_write_it_anew() -> None:
    calm = Calm()
    assert calm.is_settled(0.0)
    calm.disturbed(100.0)
    assert not calm.is_settled(100.0 + SETTLE_S - 0.1)
    calm.disturbed(101.0)
    assert not calm.is_settled(100.0 + SETTLE_S)
    assert calm.is_settled(101.0 + SETTLE_S)


def test_visitors_are_spread_over_the_processes_of_a_box() -> None:
    facts = Facts(b"key", True, ((b"s1", b"d1"), (b"s2", b"d2")))
    assert {dialled(facts, str(visit)) for visit in range(50)} == {b"keys1d1", b"keys2d2"}
    assert dialled(Facts(b"key"), "visit") == b""
