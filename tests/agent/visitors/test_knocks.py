"""Which ports count as open, by the knocks that were received."""

from __future__ import annotations

import pytest

from p2claw.agent.visitors.knocks import Knocks

PORTS = {0: 4100, 1: 4101}


def knocked(knocks: Knocks, *received: int, at: tuple[int, ...] = (4100, 4101)) -> bool:
    token = knocks.begin(PORTS)
    for number in received:
        knocks.received(number, token)
    return knocks.over(token, at)


def states(knocks: Knocks) -> list[bool | None]:
    return [knocks.is_open(number) for number in PORTS]


def test_a_port_at_which_no_knock_is_heard_is_closed_until_one_is() -> None:
    knocks = Knocks()
    assert states(knocks) == [None, None]
    assert knocked(knocks, 0)
    assert states(knocks) == [True, False]
    assert knocks.is_any_closed
    assert not knocked(knocks, 0)  # no news
    assert knocked(knocks, 0, 1)
    assert states(knocks) == [True, True]
    assert not knocks.is_any_closed


def test_ports_that_are_found_open_are_no_news() -> None:
    assert not knocked(Knocks(), 0, 1)


@pytest.mark.parametrize("at", [(), (4100,)])
def test_nothing_is_known_of_a_port_that_the_coordinator_has_not_knocked_at(
    at: tuple[int, ...],
) -> None:
    knocks = Knocks()
    assert not knocked(knocks, 0, at=at)
    assert knocks.is_open(1) is None


def test_knocks_of_another_token_count_for_nothing() -> None:
    knocks = Knocks()
    old = knocks.begin(PORTS)
    token = knocks.begin(PORTS)
    knocks.received(0, old)
    knocks.received(1, b"")
    assert not knocks.over(old, (4100, 4101))
    assert states(knocks) == [None, None]
    knocks.received(0, token)
    assert knocks.over(token, (4100, 4101))
    assert states(knocks) == [True, False]


def test_a_worker_that_is_not_asked_about_is_forgotten() -> None:
    knocks = Knocks()
    knocked(knocks, 0)
    knocks.over(knocks.begin({0: 4100}), ())
    assert states(knocks) == [True, None]
