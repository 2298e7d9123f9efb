"""Whose NAT is opened first: a packet that does not arrive, and checks that wait for the peer's."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aioice import Candidate, stun

from p2claw.dataplane.carrier._engine import UdpPort
from p2claw.link.ice import openers
from p2claw.link.ice.candidates import read_candidate
from p2claw.link.ice.ice_connection import PAIRS
from p2claw.link.ice.openers import HOPS
from tests.link.ice.test_ice_connection import DEADLINE_S, Scene, scene

NEVER_S = 3600.0
IP_RECVTTL = 12  # linux/in.h; the module `socket` has no name for it


async def kinds_received(it: Scene, count: int) -> list[stun.Class]:
    """Of the next datagrams that the peer gets: what each is."""
    async with asyncio.timeout(DEADLINE_S):
        got = [await it.played.got.get() for _ in range(count)]
    return [stun.parse_message(data).message_class for data in got]


def add_reflexive(it: Scene) -> None:
    candidate = read_candidate(
        "candidate:1 1 udp 1 {} {} typ srflx raddr 10.0.0.2 rport 9".format(*it.played.address)
    )
    assert candidate is not None
    it.connection.add_remote(candidate)


def own_reflexive(outer: int, inner: int) -> Candidate:
    candidate = read_candidate(
        f"candidate:1 1 udp 1 203.0.113.5 {outer} typ srflx raddr 10.0.0.3 rport {inner}"
    )
    assert candidate is not None
    return candidate


async def test_a_box_opens_its_nat_and_waits_with_its_checks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openers, "BOX_WAIT_S", 0.3)
    async with scene() as it:
        began = asyncio.get_running_loop().time()
        it.connection.openers.named(own_reflexive(8, 8))
        add_reflexive(it)
        assert await kinds_received(it, 2) == [stun.Class.INDICATION, stun.Class.REQUEST]
        assert asyncio.get_running_loop().time() - began >= 0.25


async def test_an_opener_waits_until_a_server_has_named_the_port_that_it_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What leaves before the server is asked may take a port that the server then does not see."""
    monkeypatch.setattr(openers, "BOX_WAIT_S", NEVER_S)
    async with scene() as it:
        add_reflexive(it)
        await asyncio.sleep(0.05)
        assert it.played.got.empty()
        it.connection.openers.named(own_reflexive(8, 8))
        assert await kinds_received(it, 1) == [stun.Class.INDICATION]


async def test_the_visitors_check_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openers, "BOX_WAIT_S", NEVER_S)
    async with scene() as it:
        it.connection.openers.named(own_reflexive(8, 8))
        add_reflexive(it)
        assert await kinds_received(it, 1) == [stun.Class.INDICATION]
        it.send(it.check(**{"USE-CANDIDATE": None}))
        it.respond(await it.played.request())
        await it.selected()


async def test_a_visitor_waits_only_if_it_has_just_named_its_own_outer_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openers, "BOX_WAIT_S", NEVER_S)
    monkeypatch.setattr(openers, "VISITOR_WAIT_S", 0.3)
    async with scene(controlling=True) as it:
        add_reflexive(it)
        assert await kinds_received(it, 1) == [stun.Class.REQUEST]
    async with scene(controlling=True) as it:
        began = asyncio.get_running_loop().time()
        it.connection.openers.named(own_reflexive(8, 8))
        add_reflexive(it)
        assert await kinds_received(it, 2) == [stun.Class.INDICATION, stun.Class.REQUEST]
        assert asyncio.get_running_loop().time() - began >= 0.25


async def test_no_more_candidates_wait_than_are_paired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openers, "BOX_WAIT_S", NEVER_S)
    async with scene() as it:
        for _ in range(PAIRS + 1):
            add_reflexive(it)
        assert it.connection.openers.waiting == PAIRS


async def test_a_box_whose_nat_keeps_the_port_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openers, "BOX_WAIT_S", NEVER_S)
    async with scene() as it:
        it.connection.openers.named(own_reflexive(8, 8))
        add_reflexive(it)
        assert it.connection.openers.waiting == 1


async def test_a_box_that_has_another_port_outside_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A NAT that gives ports by whom it talks to: the visitor's checks cannot get in."""
    monkeypatch.setattr(openers, "BOX_WAIT_S", NEVER_S)
    async with scene() as it:
        it.connection.openers.named(own_reflexive(7, 8))
        add_reflexive(it)
        assert await kinds_received(it, 2) == [stun.Class.INDICATION, stun.Class.REQUEST]


async def test_an_address_behind_no_nat_is_checked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openers, "BOX_WAIT_S", NEVER_S)
    async with scene() as it:
        host, port = it.played.address
        candidate = read_candidate(f"candidate:1 1 udp 1 {host} {port} typ host")
        assert candidate is not None
        it.connection.add_remote(candidate)
        assert await kinds_received(it, 1) == [stun.Class.REQUEST]


async def test_an_opener_is_passed_on_a_few_times_and_all_else_as_often_as_need_be() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        far.bind(("127.0.0.1", 0))
        far.settimeout(DEADLINE_S)
        host, number = far.getsockname()
        port = UdpPort()
        try:
            port.send_near(b"near", host, number, "127.0.0.1", HOPS)
            port.send_to(b"far", host, number, "127.0.0.1")
            got = [far.recvmsg(100, 100)[:2] for _ in range(2)]
        finally:
            port.close()
    ttl = {data: int.from_bytes(controls[0][2], "little") for data, controls in got}
    assert ttl[b"near"] == HOPS
    assert ttl[b"far"] > 2 * HOPS
