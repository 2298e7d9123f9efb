"""p2claw.coord.relayed.statistics: what coturn publishes, added up."""

from __future__ import annotations

import pytest

from p2claw.coord.relayed.ledger import Allocation
from p2claw.coord.relayed.statistics import LASTS_S, Statistics

BOX = "swy2cibtnnw7hmbsetd4qw4r3f"
USER = f"1796054743:{BOX}.visit_1"
NAME = f"eu1 {USER} 001000000000000001"


def channel(what: str, user: str = USER) -> bytes:
    return f"turn/realm/eu1/user/{user}/allocation/001000000000000001/{what}".encode()


def moved(received: int, sent: int) -> bytes:
    return f"rcvp=2048, rcvb={received}, sentp=3, sentb={sent}".encode()


def test_what_an_allocation_moves_is_added_up_until_its_end_says_the_whole() -> None:
    statistics = Statistics()
    statistics.heard(channel("traffic"), moved(100, 20), 1.0)
    statistics.heard(channel("traffic"), moved(7, 3), 2.0)
    assert statistics.changed() == {NAME: Allocation(BOX, 130)}
    assert statistics.changed() == {}
    # Some was missed.
    statistics.heard(channel("total_traffic"), moved(1_000, 23), 3.0)
    assert statistics.changed() == {NAME: Allocation(BOX, 1_023)}
    assert statistics.bytes == {"eu1": 1_023}


def test_who_begins_in_the_middle_goes_on_from_what_was_counted_before() -> None:
    statistics = Statistics()
    statistics.begin({NAME: Allocation(BOX, 500)})
    statistics.heard(channel("traffic"), moved(100, 0), 1.0)
    assert statistics.changed() == {NAME: Allocation(BOX, 600)}
    statistics.begin({NAME: Allocation(BOX, 900)})
    statistics.heard(channel("traffic"), moved(100, 0), 2.0)
    assert statistics.changed() == {NAME: Allocation(BOX, 1_000)}


def test_what_could_not_be_written_is_written_the_next_time() -> None:
    statistics = Statistics()
    statistics.heard(channel("traffic"), moved(100, 0), 1.0)
    statistics.again(statistics.changed())
    assert statistics.changed() == {NAME: Allocation(BOX, 100)}


def test_allocations_are_open_from_their_beginning_to_their_end() -> None:
    statistics = Statistics()
    statistics.heard(channel("status"), b"new lifetime=600, type=UDP", 10.0)
    assert statistics.open(11.0) == {"eu1": 1}
    statistics.heard(channel("status"), b"deleted", 12.0)
    assert statistics.open(13.0) == {}
    statistics.heard(channel("status"), b"new lifetime=600, type=UDP", 20.0)
    assert statistics.open(21.0 + LASTS_S) == {}, "its relay was killed"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (channel("traffic/peer"), moved(1, 1)),
        (channel("traffic", "1796054743:visit"), moved(1, 1)),
        (channel("traffic", f"x:{BOX}.v"), moved(1, 1)),
        (channel("traffic"), b"rcvb=1"),
        (channel("traffic"), b"\xff" * 40),
        (b"\xff", moved(1, 1)),
        (b"", b""),
    ],
)
def test_what_is_no_traffic_of_a_box_counts_for_none(named: bytes, message: bytes) -> None:
    statistics = Statistics()
    statistics.heard(named, message, 1.0)
    assert statistics.changed() == {}
