"""p2claw.link.ice.reflexive: what is remembered, and how long."""

from __future__ import annotations

from p2claw.link.ice.reflexive import GOOD_FOR_S, MOST, ReflexiveAddresses

LOCAL, MAPPED, NEWER = ("10.0.0.2", 4100), ("198.51.100.7", 4100), ("198.51.100.8", 9)


def test_the_newest_word_counts() -> None:
    addresses = ReflexiveAddresses()
    addresses.put(LOCAL, MAPPED, 1.0)
    addresses.put(LOCAL, NEWER, 2.0)
    assert addresses.get(LOCAL, 2.0) == NEWER


def test_an_old_word_is_none() -> None:
    addresses = ReflexiveAddresses()
    addresses.put(LOCAL, MAPPED, 1.0)
    assert addresses.get(LOCAL, GOOD_FOR_S) == MAPPED
    assert addresses.get(LOCAL, 1.0 + GOOD_FOR_S) is None


def test_of_too_many_the_oldest_word_goes() -> None:
    addresses = ReflexiveAddresses()
    for port in range(MOST):
        addresses.put(("10.0.0.2", port), MAPPED, 1.0)
    addresses.put(("10.0.0.2", 0), MAPPED, 2.0)
    addresses.put(LOCAL, MAPPED, 2.0)
    assert addresses.get(("10.0.0.2", 0), 2.0) == MAPPED
    assert addresses.get(("10.0.0.2", 1), 2.0) is None
    assert addresses.get(LOCAL, 2.0) == MAPPED
