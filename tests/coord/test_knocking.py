"""What the coordinator sends to the UDP ports of a box that asks for it."""

from __future__ import annotations

import contextlib
import socket
from ipaddress import ip_address

import pytest

from p2claw.coord import knocking
from p2claw.coord.knocking import Knocker
from p2claw.dataplane.core import _stun
from p2claw.link.ice.host_addresses import host_addresses
from p2claw.link.knocking import TOKEN_BYTES, knock, knock_ufrag

TOKEN = bytes(range(TOKEN_BYTES))
HERE = ip_address(host_addresses()[0].host)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knocking, "TIMES_S", (0.0, 0.01, 0.02))


def test_a_knock_is_a_check_with_the_token_as_its_ufrag() -> None:
    message = _stun.read(knock(TOKEN))
    assert message is not None and message.username is not None
    assert (message.type, message.username) == ("request", knock_ufrag(TOKEN) + b":knock")
    assert len(knock_ufrag(TOKEN)) == 88


async def test_each_port_is_knocked_at_and_no_other() -> None:
    family = socket.AF_INET if HERE.version == 4 else socket.AF_INET6
    with contextlib.ExitStack() as open_ports:
        ports = [open_ports.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in "abc"]
        for port in ports:
            port.bind((str(HERE), 0))
            port.setblocking(False)
        numbers = [port.getsockname()[1] for port in ports]
        assert await Knocker().knock(HERE, numbers[:2], TOKEN) == tuple(numbers[:2])
        for port in ports[:2]:
            assert [port.recv(1_000) for _ in range(3)] == [knock(TOKEN)] * 3
        with pytest.raises(BlockingIOError):
            ports[2].recv(1_000)


async def test_a_port_that_nobody_has_open_is_knocked_at_like_any_other() -> None:
    with socket.socket(socket.AF_INET6 if HERE.version == 6 else socket.AF_INET) as taken:
        taken.bind((str(HERE), 0))  # TCP: nobody has its number by UDP
        number = taken.getsockname()[1]
        assert await Knocker().knock(HERE, [number], TOKEN) == (number,)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.1.1", "224.0.0.1", "0.0.0.0"])
async def test_this_machine_and_no_machine_are_not_knocked_at(address: str) -> None:
    assert await Knocker().knock(ip_address(address), [9], TOKEN) == ()


async def test_no_more_than_so_many_boxes_are_knocked_at_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(knocking, "AT_ONCE", 0)
    assert await Knocker().knock(HERE, [9], TOKEN) == ()
