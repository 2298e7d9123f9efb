"""A machine's way to one address is watched: another one is noticed, none at all is no other."""

from __future__ import annotations

import asyncio
import os
import subprocess

from p2claw.link.ice.way import Way
from tests.support.namespaces import SBIN
from tests.support.own_namespace import needs_namespaces, run_in_namespace

FAR = "203.0.113.9"
NOTICED_S = 5.0
_SETTLED_S = 0.3

BEFORE = ("ip address add 10.9.0.2/24 dev lo", f"ip route add {FAR} dev lo src 10.9.0.2")

pytestmark = needs_namespaces()


def _ip(*arguments: str) -> None:
    env = {**os.environ, "PATH": SBIN}
    subprocess.run(["ip", *arguments], check=True, capture_output=True, env=env)


def _lose() -> None:
    _ip("address", "delete", "10.9.0.2/24", "dev", "lo")


def _come() -> None:
    _ip("address", "add", "10.9.0.3/24", "dev", "lo")
    _ip("route", "replace", FAR, "dev", "lo", "src", "10.9.0.3")


def test_another_address_is_another_way() -> None:
    async def move() -> bool:
        way = Way()
        way.start(FAR)
        try:
            _lose()
            _come()
            await asyncio.wait_for(way.moved(), NOTICED_S)
            way.settle(FAR)
            return way.has_moved
        finally:
            way.close()

    assert run_in_namespace(move, *BEFORE) is False


def test_a_network_that_is_lost_is_no_other_way_until_the_next_one_comes() -> None:
    async def move() -> list[bool]:
        way = Way()
        way.start(FAR)
        try:
            _lose()
            await asyncio.sleep(_SETTLED_S)
            lost = way.has_moved
            _come()
            await asyncio.wait_for(way.moved(), NOTICED_S)
            return [lost, way.has_moved]
        finally:
            way.close()

    assert run_in_namespace(move, *BEFORE) == [False, True]


def test_an_address_that_packets_do_not_leave_from_is_no_other_way() -> None:
    async def come() -> bool:
        way = Way()
        way.start(FAR)
        try:
            _ip("address", "add", "10.77.0.2/24", "dev", "lo")
            await asyncio.sleep(_SETTLED_S)
            return way.has_moved
        finally:
            way.close()

    assert run_in_namespace(come, *BEFORE) is False
