"""p2claw.coord.bus.leases on a fake clock: one lease of a node, and tokens of its boxes."""

from __future__ import annotations

from p2claw.coord.bus.leases import LEASE_S, RENEW_S, NodeLease, Tenure, Tenures

START = 1000.0


def test_a_lease_is_not_held_before_it_was_granted() -> None:
    lease = NodeLease(START)
    assert not lease.is_held(START)
    assert lease.next_renewal() == START


def test_a_lease_counts_from_when_it_was_asked_for() -> None:
    lease = NodeLease(START)
    lease.asked(START)
    lease.renewed(START)  # the reply came five seconds later, which is nobody's business
    assert lease.is_held(START + LEASE_S - 0.01)
    assert not lease.is_held(START + LEASE_S)


def test_a_lease_is_asked_for_long_before_it_ends_also_after_a_failure() -> None:
    lease = NodeLease(START)
    for tries in range(3):
        lease.asked(START + tries * RENEW_S)
        assert lease.next_renewal() == START + (tries + 1) * RENEW_S
    assert 3 * RENEW_S < LEASE_S, "three renewals fail before it ends"


def test_a_late_reply_does_not_shorten_a_lease() -> None:
    lease = NodeLease(START)
    lease.renewed(START + 4)
    lease.renewed(START)
    assert lease.is_held(START + 4 + LEASE_S - 0.01)


def test_the_others_see_within_ten_seconds_that_a_node_is_gone() -> None:
    assert LEASE_S + RENEW_S <= 10


def test_a_box_is_superseded_by_a_higher_token_alone() -> None:
    tenures = Tenures()
    tenures.begin(Tenure(1, "box", 10))
    tenures.begin(Tenure(2, "other", 5))
    assert tenures.superseded("box", 10) == []
    assert tenures.superseded("box", 11) == [1]


def test_of_two_connections_of_a_box_the_older_is_superseded() -> None:
    tenures = Tenures()
    tenures.begin(Tenure(1, "box", 10))
    tenures.begin(Tenure(2, "box", 11))
    assert tenures.superseded("box", 11) == [1]
    assert tenures.end(1) == Tenure(1, "box", 10)
    assert tenures.connections("box") == [2]
    assert (tenures.end(1), tenures.of(2), len(tenures)) == (None, Tenure(2, "box", 11), 1)
