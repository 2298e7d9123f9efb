"""p2claw.config.relays: relays as options name them."""

from __future__ import annotations

import pytest

from p2claw.config import Relay, ServerConfig, parse_relay
from p2claw.errors import UsageError


def test_a_relay_has_a_name_a_region_a_weight_and_its_ways() -> None:
    text = "name=eu1,region=eu,weight=3,turn:a.example:3478?transport=udp,turns:a.example:443"
    urls = ("turn:a.example:3478?transport=udp", "turns:a.example:443")
    assert parse_relay(text) == Relay("eu1", urls, "eu", 3)


def test_a_relay_without_a_name_is_called_by_its_host_and_weighs_1() -> None:
    assert parse_relay("turn:A.example") == Relay("a.example", ("turn:A.example",))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 URLs"),
        ("name=eu1", "0 URLs"),
        ("turn:a b", "no turn:"),
        ("turn:a,weight=x", "weight"),
        ("turn:a,weight=-1", "weight"),
        ("turn:a,weight=1001", "weight"),
        ("turn:a,weight=99999999999", "weight"),
        ("turn:a,name=a_b", "letters"),
        ("turn:a,region=ü", "letters"),
        ("turn:a,colour=red", "colour"),
        ("turn:a,weight=1,weight=2", "weight=2"),
        ("stun:a", "stun:a"),
        (",".join(["turn:a"] * 9), "9 URLs"),
    ],
)
def test_what_is_no_relay_is_refused_by_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_relay(text)
    assert raised.value.code == "relay-invalid"
    assert why in raised.value.message


def test_urls_without_more_are_relays_of_their_hosts() -> None:
    urls = ("turn:a:3478?transport=udp", "turns:a:443?transport=tcp", "turn:b")
    config = ServerConfig(turn_urls=urls, turn_secret="s", relays=(Relay("c", ("turn:c",), "eu"),))
    assert config.all_relays == (
        Relay("a", urls[:2]),
        Relay("b", urls[2:]),
        Relay("c", ("turn:c",), "eu"),
    )


def test_two_relays_have_two_names() -> None:
    with pytest.raises(UsageError) as raised:
        ServerConfig(turn_urls=("turn:a",), turn_secret="s", relays=(Relay("a", ("turn:x",)),))
    assert raised.value.code == "relay-invalid"


def test_relays_need_their_secret_however_they_are_named() -> None:
    with pytest.raises(UsageError) as raised:
        ServerConfig(relays=(Relay("a", ("turn:x",)),))
    assert raised.value.code == "turn-secret-missing"
