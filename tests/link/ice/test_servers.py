"""URLs of ICE servers, read."""

from __future__ import annotations

import pytest

from p2claw.link.ice.servers import StunServer, TurnServer, read_servers
from p2claw.wire.signalling import IceServer


def _turn(*urls: str) -> tuple[TurnServer, ...]:
    return read_servers([IceServer(urls, "u", "c")]).turn


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("stun:stun.example", StunServer("stun.example", 3478)),
        ("stun:192.0.2.1:19302", StunServer("192.0.2.1", 19302)),
        ("stun:[2001:db8::1]:3478", StunServer("2001:db8::1", 3478)),
    ],
)
def test_stun_urls_are_read(url: str, server: StunServer) -> None:
    assert read_servers([IceServer((url,))]).stun == (server,)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("turn:t.example", TurnServer("t.example", 3478, "udp", False, "u", "c")),
        ("turn:t.example?transport=tcp", TurnServer("t.example", 3478, "tcp", False, "u", "c")),
        ("turns:t.example", TurnServer("t.example", 5349, "tcp", True, "u", "c")),
        ("turns:t.example:443", TurnServer("t.example", 443, "tcp", True, "u", "c")),
    ],
)
def test_turn_urls_are_read(url: str, server: TurnServer) -> None:
    assert _turn(url) == (server,)


@pytest.mark.parametrize(
    "url", ["", "stun:", "stuns:s.example", "http://t.example", "turns:t.example?transport=udp"]
)
def test_what_cannot_be_used_is_left_out(url: str) -> None:
    found = read_servers([IceServer((url, "turn:good.example"), "u", "c")])
    assert ([server.host for server in found.turn], found.stun) == (["good.example"], ())


def test_a_relay_without_a_credential_is_left_out() -> None:
    assert read_servers([IceServer(("turn:t.example",))]).turn == ()


def test_all_urls_of_all_servers_are_kept_in_order() -> None:
    found = _turn("turn:a.example", "turn:b.example?transport=tcp", "turns:c.example")
    assert [server.host for server in found] == ["a.example", "b.example", "c.example"]


def test_the_number_of_servers_is_bounded() -> None:
    assert len(_turn(*(f"turn:t{n}.example" for n in range(50)))) == 4
