"""p2claw.coord.relay_choice: by weight and region, and the same for both sides."""

from __future__ import annotations

from collections import Counter

import pytest

from p2claw.config import Relay
from p2claw.coord.relay_choice import RELAYS_PER_VISIT, relays_for

VISITS = 20_000


def relay(name: str, weight: int = 1, region: str = "eu") -> Relay:
    return Relay(name, (f"turn:{name}.example",), region, weight)


def first(relays: list[Relay], visits: int = VISITS) -> Counter[str]:
    """How many visits have each relay as their first."""
    return Counter(relays_for(relays, f"visit {n}")[0].name for n in range(visits))


def test_each_relay_has_its_weight_of_the_visits() -> None:
    counted = first([relay("a", 1), relay("b", 3), relay("c", 6)])
    # Four standard deviations of a binomial of 20,000 are 1.4 %.
    assert counted["a"] / VISITS == pytest.approx(0.1, abs=0.014)
    assert counted["b"] / VISITS == pytest.approx(0.3, abs=0.014)
    assert counted["c"] / VISITS == pytest.approx(0.6, abs=0.014)


def test_the_same_visit_has_the_same_relays_in_whatever_order_they_are_named() -> None:
    relays = [relay("a"), relay("b", 2), relay("c", 5)]
    for number in range(100):
        key = f"visit {number}"
        assert relays_for(relays, key) == relays_for(relays[::-1], key)


def test_a_relay_of_weight_0_is_given_to_nobody() -> None:
    relays = [relay("a", 0), relay("b"), relay("c")]
    named = {one.name for n in range(500) for one in relays_for(relays, f"visit {n}")}
    assert named == {"b", "c"}


def test_a_relay_that_is_drained_moves_only_its_own_visits() -> None:
    before, after = [relay(name) for name in "abcd"], [relay(name) for name in "abc"]
    for number in range(500):
        old, new = (relays_for(relays, f"visit {number}") for relays in (before, after))
        if "d" not in {one.name for one in old}:
            assert new == old
        else:
            assert next(one for one in old if one.name != "d") in new


def test_no_more_relays_are_given_than_a_visit_can_use() -> None:
    relays = [relay(f"r{n}") for n in range(9)]
    assert len(relays_for(relays, "visit")) == RELAYS_PER_VISIT == 2


def test_the_nearest_region_comes_first_and_another_only_where_it_has_too_few() -> None:
    relays = [relay("a", 900), relay("b", 900), relay("c", region="us"), relay("d", region="us")]
    assert {one.region for one in relays_for(relays, "visit", ("us",))} == {"us"}
    left = [*relays[:3], relay("d", 0, "us")]
    assert [one.region for one in relays_for(left, "visit", ("us", "eu"))] == ["us", "eu"]


def test_without_a_hint_the_region_that_is_named_first_is_the_nearest() -> None:
    relays = [relay("a"), relay("b", 1_000, "us"), relay("c", 1_000, "us")]
    assert {relays_for(relays, f"visit {n}")[0].name for n in range(200)} == {"a"}


def test_a_region_that_there_is_not_changes_nothing() -> None:
    relays = [relay("a"), relay("b"), relay("c", region="us")]
    assert relays_for(relays, "visit", ("mars",)) == relays_for(relays, "visit")
