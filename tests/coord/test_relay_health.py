"""p2claw.coord.relay_health with real coturn: one that ends, one that comes back, none at all."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.config import ServerConfig
from p2claw.coord import relay_health
from p2claw.coord.relay_health import RelayHealth
from tests.support.turn import TURNSERVER, listening, turnserver

pytestmark = pytest.mark.skipif(TURNSERVER is None, reason="needs coturn")

SECRET = "of both"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def relay(
    folder: Path, port: int, secret: str = SECRET, more: tuple[str, ...] = ()
) -> AsyncIterator[None]:
    folder.mkdir(exist_ok=True)
    where = ("--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}")
    who = ("--use-auth-secret", f"--static-auth-secret={secret}", "--realm=p2claw.test")
    async with turnserver(folder, *where, *who, *more):
        await listening("127.0.0.1", port)
        yield


def url_of(port: int, transport: str = "udp") -> str:
    return f"turn:127.0.0.1:{port}?transport={transport}"


def health_of(*urls: str) -> RelayHealth:
    return RelayHealth(ServerConfig(turn_urls=urls, turn_secret=SECRET))


async def looked(health: RelayHealth) -> tuple[str, ...]:
    for _ in range(relay_health.FAILURES):
        await health.look()
    return health.usable


async def test_a_relay_that_ended_is_left_out_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay_health, "ALLOCATE_S", 5.0)
    one, two = free_port(), free_port()
    urls = url_of(one), url_of(two), url_of(two, "tcp")
    health = health_of(*urls)
    async with relay(tmp_path / "one", one):
        async with relay(tmp_path / "two", two):
            assert await looked(health) == urls
        monkeypatch.setattr(relay_health, "ALLOCATE_S", 1.0)
        await health.look()
        assert health.usable == urls, "one failure is none"
        assert await looked(health) == urls[:1]
        assert health.is_up() == {urls[0]: True, urls[1]: False, urls[2]: False}
        monkeypatch.setattr(relay_health, "ALLOCATE_S", 5.0)
        async with relay(tmp_path / "two", two):
            await health.look()
            assert health.usable == urls


async def test_a_relay_with_another_secret_is_left_out(tmp_path: Path) -> None:
    one, two = free_port(), free_port()
    async with relay(tmp_path / "one", one), relay(tmp_path / "two", two, "another"):
        assert await looked(health_of(url_of(one), url_of(two))) == (url_of(one),)


async def test_if_none_lends_all_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_health, "ALLOCATE_S", 0.2)
    urls = url_of(free_port()), url_of(free_port())
    health = health_of(*urls)
    assert await looked(health) == urls
    assert not any(health.is_up().values())


async def test_a_relay_that_lends_by_one_way_is_given_by_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own network may let no UDP out."""
    monkeypatch.setattr(relay_health, "ALLOCATE_S", 1.0)
    one, two = free_port(), free_port()
    urls = url_of(one), url_of(one, "tcp")
    async with relay(tmp_path / "one", one, more=("--no-udp",)):
        health = health_of(*urls, url_of(two))
        assert await looked(health) == urls
        assert list(health.is_up().values()) == [False, True, False]


async def test_what_cannot_be_asked_is_taken_to_lend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_health, "ALLOCATE_S", 0.2)
    dtls = "turns:127.0.0.1:9?transport=udp"
    dead = url_of(free_port())
    assert await looked(health_of(dtls, dead)) == (dtls,)
