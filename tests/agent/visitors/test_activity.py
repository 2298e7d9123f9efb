"""Which links are looked at: those that move messages, and those with an open request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from p2claw.agent.visitors.activity import Activity


class Link:
    """is_busy: as a test wants it. looks: how often it was asked."""

    def __init__(self) -> None:
        self.wants = False
        self.looks = 0

    @property
    def is_busy(self) -> bool:
        self.looks += 1
        return self.wants


class Port:
    """Names the links that a test has stirred."""

    def __init__(self) -> None:
        self.stirred: list[Link] = []
        self.activity = Activity(self._take)

    def stir(self, *links: Link) -> None:
        self.stirred += links

    def _take(self) -> Iterator[Link]:
        stirred, self.stirred = self.stirred, []
        return iter(stirred)


@pytest.fixture
def port() -> Port:
    return Port()


def test_a_link_that_moved_messages_is_named_once(port: Port) -> None:
    link = Link()
    port.stir(link)
    assert port.activity.take_moved() == {link}
    assert port.activity.take_moved() == set()


def test_a_look_at_who_is_busy_hides_nobody_that_moved(port: Port) -> None:
    link = Link()
    port.stir(link)
    assert not port.activity.is_any_busy
    assert port.activity.take_moved() == {link}


def test_a_request_makes_busy_until_it_is_over(port: Port) -> None:
    link = Link()
    link.wants = True
    port.stir(link)
    assert port.activity.is_any_busy
    assert port.activity.is_any_busy
    link.wants = False
    assert not port.activity.is_any_busy


def test_a_link_with_a_request_is_named_though_it_moves_nothing(port: Port) -> None:
    link = Link()
    link.wants = True
    port.stir(link)
    port.activity.take_moved()
    assert port.activity.take_moved() == {link}


def test_a_link_that_is_over_is_named_no_more(port: Port) -> None:
    link = Link()
    link.wants = True
    port.stir(link)
    port.activity.forget(link)
    assert not port.activity.is_any_busy
    assert port.activity.take_moved() == set()


def test_a_link_that_does_nothing_is_not_looked_at(port: Port) -> None:
    link = Link()
    port.stir(link)
    port.activity.take_moved()
    looks = link.looks
    for _ in range(100):
        assert not port.activity.is_any_busy
        port.activity.take_moved()
    assert link.looks == looks
