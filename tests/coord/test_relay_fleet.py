"""p2claw.coord.relay_fleet with real coturn: weights, one that ends, one that is drained."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

import pytest

from p2claw.config import ServerConfig, parse_relay
from p2claw.coord import relay_health
from p2claw.coord.relay_fleet import RelayFleet, visit_key
from tests.coord.test_relay_health import SECRET, free_port, relay
from tests.support.turn import TURNSERVER

pytestmark = pytest.mark.skipif(TURNSERVER is None, reason="needs coturn")


def keys(count: int) -> list[str]:
    return [visit_key("swy2cibtnnw7hmbsetd4qw4r3f", f"10.0.{n}.0/24") for n in range(count)]


def firsts(fleet: RelayFleet) -> Counter[str]:
    return Counter(fleet.urls_for(key)[0] for key in keys(200))


async def looked(fleet: RelayFleet) -> None:
    for _ in range(relay_health.FAILURES):
        await fleet.health.look()


async def test_visits_move_from_a_relay_that_ended_to_those_of_its_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_health, "ALLOCATE_S", 5.0)
    ports = [free_port() for _ in range(3)]
    one, two, far = urls = [f"turn:127.0.0.1:{port}?transport=udp" for port in ports]
    where = ("name=one,region=eu", "name=two,region=eu,weight=3", "name=far,region=us,weight=9")
    relays = tuple(parse_relay(f"{text},{url}") for text, url in zip(where, urls, strict=True))
    fleet = RelayFleet(ServerConfig(relays=relays, turn_secret=SECRET))
    async with contextlib.AsyncExitStack() as stack:
        for number in (0, 2):
            await stack.enter_async_context(relay(tmp_path / str(number), ports[number]))
        async with relay(tmp_path / "1", ports[1]):
            await looked(fleet)
            counted = firsts(fleet)
            assert set(counted) == {one, two}
            assert counted[two] > counted[one] > 0
            assert {url for key in keys(50) for url in fleet.urls_for(key)} == {one, two}
        monkeypatch.setattr(relay_health, "ALLOCATE_S", 1.0)
        await looked(fleet)
        assert firsts(fleet) == {one: 200}
        # The second one is of another region, because this one has no other.
        assert fleet.urls_for(keys(1)[0]) == (one, far)
        assert [fact.is_up for fact in fleet.facts()] == [{one: True}, {two: False}, {far: True}]


async def test_a_drained_relay_is_given_to_no_visit_even_if_the_others_are_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drained, dead = free_port(), free_port()
    relays = (
        parse_relay(f"name=drained,weight=0,turn:127.0.0.1:{drained}"),
        parse_relay(f"name=dead,turn:127.0.0.1:{dead}"),
    )
    fleet = RelayFleet(ServerConfig(relays=relays, turn_secret=SECRET))
    monkeypatch.setattr(relay_health, "ALLOCATE_S", 1.0)
    async with relay(tmp_path / "drained", drained):
        await looked(fleet)
    assert fleet.health.is_up() == {relays[0].urls[0]: True, relays[1].urls[0]: False}
    assert fleet.urls_for("visit") == relays[1].urls


def test_only_visits_are_counted() -> None:
    relays = (parse_relay("name=a,turn:a.example"), parse_relay("name=b,weight=0,turn:b.example"))
    fleet = RelayFleet(ServerConfig(relays=relays, turn_secret=SECRET))
    fleet.urls_for("hint")
    fleet.urls_for("visit", is_visit=True)
    assert [(fact.name, fact.visits) for fact in fleet.facts()] == [("a", 1), ("b", 0)]
