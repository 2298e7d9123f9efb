"""p2claw.edge.places: shares of sockets, and the last ones."""

from __future__ import annotations

from ipaddress import ip_network

from p2claw.edge.places import Place, Places


def held(places: Places, host: str, wanted: int) -> int:
    """How many of so many this address gets."""
    return sum(places.hold(host) is not Place.NONE for _ in range(wanted))


def test_an_address_alone_gets_half() -> None:
    assert held(Places(100), "192.0.2.1", 100) == 50


def test_a_newcomer_always_finds_some() -> None:
    places = Places(1000)
    for number in range(1, 6):
        assert held(places, f"192.0.2.{number}", 1000) > 0


def test_a_slash_64_is_one_address() -> None:
    places = Places(100)
    assert sum(held(places, f"2001:db8::{number:x}", 1) for number in range(1, 101)) == 50
    assert held(places, "2001:db8:0:1::1", 1) == 1


def test_a_mapped_address_is_the_address() -> None:
    places = Places(100)
    assert held(places, "192.0.2.1", 50) == 50
    assert held(places, "::ffff:192.0.2.1", 1) == 0


def test_a_trusted_proxy_has_no_share() -> None:
    assert held(Places(100, (ip_network("127.0.0.0/8"),)), "127.0.0.1", 200) == 100


def test_the_last_eighth_is_marked() -> None:
    places = Places(16)
    got = [places.hold(f"192.0.2.{number}") for number in range(17)]
    assert got == [Place.ORDINARY] * 14 + [Place.LAST] * 2 + [Place.NONE]


def test_of_many_sockets_a_thousand_are_the_last() -> None:
    places = Places(20_000)
    got = [places.hold(f"192.0.{number >> 8}.{number & 255}") for number in range(20_000)]
    assert got.index(Place.LAST) == 19_000


def test_a_socket_that_is_closed_is_forgotten() -> None:
    places = Places(4)
    for _ in range(2):
        places.hold("192.0.2.1")
    assert places.hold("192.0.2.1") is Place.NONE
    for _ in range(2):
        places.release("192.0.2.1")
    assert (places.in_use, places.addresses()) == (0, 0)
