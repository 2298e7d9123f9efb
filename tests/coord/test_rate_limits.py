"""p2claw.coord.rate_limits: token buckets and their bounded table."""

from __future__ import annotations

from ipaddress import ip_address

from p2claw.coord.rate_limits import RateLimit
from p2claw.token_bucket import TokenBucket

A = ip_address("192.0.2.1")
B = ip_address("192.0.2.2")


def test_a_burst_is_admitted() -> None:
    bucket = TokenBucket(3, 60.0, 0.0)
    assert [bucket.spend(0.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_what_goes_beyond_a_burst_gets_how_long_to_wait() -> None:
    bucket = TokenBucket(1, 60.0, 0.0)
    bucket.spend(0.0)
    assert bucket.spend(0.25) == 0.75


def test_after_that_wait_it_is_admitted() -> None:
    bucket = TokenBucket(1, 60.0, 0.0)
    bucket.spend(0.0)
    assert bucket.spend(bucket.spend(0.25) + 0.25) == 0.0


def test_asking_in_vain_does_not_make_the_wait_longer() -> None:
    bucket = TokenBucket(1, 60.0, 0.0)
    for tenth in range(10):
        bucket.spend(tenth / 10)
    assert bucket.spend(1.0) == 0.0


def test_a_long_silence_gives_no_more_than_the_burst() -> None:
    bucket = TokenBucket(2, 60.0, 0.0)
    assert [bucket.spend(9999.0) > 0 for _ in range(3)] == [False, False, True]


def test_each_address_has_its_own_bucket() -> None:
    limit = RateLimit(1, 60.0, 10)
    limit.spend(A, 0.0)
    assert limit.spend(B, 0.0) == 0.0


def test_one_address_has_one_bucket() -> None:
    limit = RateLimit(1, 60.0, 10)
    limit.spend(A, 0.0)
    assert limit.spend(A, 0.0) > 0.0


def test_the_addresses_of_one_ipv6_64_share_a_bucket() -> None:
    limit = RateLimit(1, 60.0, 10)
    limit.spend(ip_address("2001:db8::1"), 0.0)
    assert limit.spend(ip_address("2001:db8::ffff:1"), 0.0) > 0.0


def test_another_ipv6_64_has_its_own_bucket() -> None:
    limit = RateLimit(1, 60.0, 10)
    limit.spend(ip_address("2001:db8::1"), 0.0)
    assert limit.spend(ip_address("2001:db8:0:1::1"), 0.0) == 0.0


def test_an_ipv6_address_is_no_ipv4_address_of_the_same_number() -> None:
    limit = RateLimit(1, 60.0, 10)
    limit.spend(ip_address("0.0.0.1"), 0.0)
    assert limit.spend(ip_address("0:0:0:1::"), 0.0) == 0.0


def test_the_table_does_not_grow_beyond_its_limit() -> None:
    limit = RateLimit(1, 60.0, 100)
    for number in range(10_000):
        limit.spend(ip_address(number), 0.0)
    assert len(limit) == 100


def test_at_the_limit_the_address_that_was_quiet_for_longest_is_forgotten() -> None:
    limit = RateLimit(1, 60.0, 2)
    limit.spend(A, 0.0)
    limit.spend(B, 0.0)
    limit.spend(A, 0.0)
    limit.spend(ip_address("192.0.2.3"), 0.0)
    assert (limit.spend(A, 0.0) > 0.0, limit.spend(B, 0.0) > 0.0) == (True, False)


def test_who_reserves_waits_once_and_each_for_its_own_turn() -> None:
    bucket = TokenBucket(2, 60.0, 0.0)
    assert [bucket.reserve(0.0, 1, 5.0) for _ in range(4)] == [0.0, 0.0, 1.0, 2.0]


def test_who_would_wait_too_long_is_refused_and_costs_nothing() -> None:
    bucket = TokenBucket(2, 60.0, 0.0)
    assert bucket.reserve(0.0, 6, 5.0) == 4.0
    assert bucket.reserve(0.0, 2, 5.0) is None
    assert bucket.reserve(0.0, 1, 5.0) == 5.0
