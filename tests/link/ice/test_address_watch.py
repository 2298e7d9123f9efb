"""Changes of a machine's addresses are noticed, by netlink and by looking."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable

import pytest

from p2claw.link.ice import address_watch
from p2claw.link.ice.address_watch import AddressWatch
from p2claw.link.ice.host_addresses import host_addresses
from tests.support.namespaces import SBIN
from tests.support.own_namespace import needs_namespaces, run_in_namespace

NOTICED_S = 5.0

pytestmark = needs_namespaces()


def _ip(*arguments: str) -> None:
    env = {**os.environ, "PATH": SBIN}
    subprocess.run(["ip", *arguments], check=True, capture_output=True, env=env)


async def _watched(change: Callable[[], Awaitable[None]]) -> list[list[str]]:
    """The addresses there were each time that a change was reported."""
    changes: asyncio.Queue[list[str]] = asyncio.Queue()
    watch = AddressWatch(lambda: changes.put_nowait([a.host for a in host_addresses()]))
    watch.start()
    try:
        await change()
        seen = [await asyncio.wait_for(changes.get(), NOTICED_S)]
        await asyncio.sleep(0.2)
        while not changes.empty():
            seen.append(changes.get_nowait())
        return seen
    finally:
        watch.close()


async def _move() -> None:
    _ip("address", "delete", "10.9.0.2/24", "dev", "lo")
    _ip("address", "add", "10.9.0.3/24", "dev", "lo")


@pytest.fixture(params=["changes", "polled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "polled":
        monkeypatch.setattr(address_watch, "_subscribe", lambda: None)
        monkeypatch.setattr(address_watch, "POLL_S", 0.05)


@pytest.mark.usefixtures("way")
def test_a_new_address_is_there_when_the_change_is_reported() -> None:
    seen = run_in_namespace(lambda: _watched(_move), "ip address add 10.9.0.2/24 dev lo")
    assert seen[-1] == ["10.9.0.3"]


@pytest.mark.usefixtures("way")
def test_a_network_that_comes_late_is_noticed() -> None:
    async def come() -> None:
        _ip("address", "add", "10.9.0.3/24", "dev", "lo")

    assert run_in_namespace(lambda: _watched(come))[-1] == ["10.9.0.3"]


def test_a_change_that_changes_no_candidate_is_not_reported() -> None:
    async def change() -> None:
        _ip("route", "add", "10.77.0.0/16", "dev", "lo")
        await asyncio.sleep(4 * address_watch.SETTLE_S)
        await _move()

    seen = run_in_namespace(lambda: _watched(change), "ip address add 10.9.0.2/24 dev lo")
    assert seen == [["10.9.0.3"]]
