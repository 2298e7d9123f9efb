"""Wrong tries are few, and nobody locks others out."""

from __future__ import annotations

from p2claw.agent.access.tries import Tries, TryLimits


def tries_until_refused(tries: Tries, network: str, link: str, now: float) -> int:
    count = 0
    while tries.begin("dog", network, link, now) == 0:
        count += 1
    return count


def test_a_link_has_five_and_then_one_every_ten_seconds() -> None:
    tries = Tries()
    assert tries_until_refused(tries, "a", "1", 0) == 5
    assert tries.begin("dog", "a", "1", 1) == 9
    assert tries.begin("dog", "a", "1", 10) == 0


def test_another_link_does_not_help_a_network_for_long() -> None:
    tries = Tries()
    assert sum(tries_until_refused(tries, "a", str(link), 0) for link in range(50)) == 20


def test_an_attacker_with_many_networks_leaves_a_newcomer_its_first_tries() -> None:
    tries = Tries()
    for network in range(500):
        tries_until_refused(tries, f"bot{network}", f"link{network}", 0)
    assert tries.begin("dog", "bot70", "2", 1) > 0
    assert tries_until_refused(tries, "home", "home", 0) == 3


def test_the_tries_of_many_networks_are_bounded_by_the_app() -> None:
    tries = Tries()
    count = sum(tries_until_refused(tries, f"bot{n}", f"link{n}", 0) for n in range(500))
    assert count <= 500 * 3 + 60


def test_another_app_has_tries_of_its_own() -> None:
    tries = Tries()
    tries_until_refused(tries, "a", "1", 0)
    assert tries.begin("cat", "a", "1", 0) == 0


def test_a_right_try_counts_for_nothing() -> None:
    tries = Tries()
    for _ in range(1_000):
        assert tries.begin("dog", "school", "1", 0) == 0
        tries.right("dog", "school", "1", 0)


def test_a_million_names_of_links_leave_no_memory() -> None:
    tries = Tries(TryLimits(remembered=64))
    for link in range(10_000):
        tries.begin("dog", f"n{link}", str(link), 0)
    assert len(tries._buckets) == 64


def test_a_clock_that_goes_back_gives_nothing() -> None:
    tries = Tries()
    tries_until_refused(tries, "a", "1", 100)
    assert tries.begin("dog", "a", "1", 50) > 0
