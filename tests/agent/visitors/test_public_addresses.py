"""At which addresses visitors try a box."""

from __future__ import annotations

import pytest

from p2claw.agent.visitors.public_addresses import dialled_addresses, network_of, public_addresses
from p2claw.config import PublicAddress
from p2claw.link.ice.host_addresses import HostAddress

NAMED = (PublicAddress("198.51.100.7"), PublicAddress("198.51.100.7", 9_000))


def test_an_address_without_a_port_is_tried_with_the_udp_port() -> None:
    assert public_addresses(NAMED, seen="", port=4_100, is_fixed=False) == (
        ("198.51.100.7", 4_100),
        ("198.51.100.7", 9_000),
    )


def test_where_the_coordinator_sees_the_box_is_tried_with_a_port_that_was_fixed() -> None:
    assert public_addresses((), seen="192.0.2.7", port=4_100, is_fixed=True) == (
        ("192.0.2.7", 4_100),
    )
    assert public_addresses((), seen="192.0.2.7", port=4_100, is_fixed=False) == ()


def test_what_is_named_and_seen_is_tried_once() -> None:
    assert public_addresses(NAMED[:1], seen="198.51.100.7", port=4_100, is_fixed=True) == (
        ("198.51.100.7", 4_100),
    )


@pytest.mark.parametrize("seen", ["", "127.0.0.1", "::1", "0.0.0.0", "169.254.1.1", "no address"])
def test_an_address_that_leads_nowhere_is_not_tried(seen: str) -> None:
    assert public_addresses((), seen=seen, port=4_100, is_fixed=True) == ()


HOSTS = (HostAddress("2a00::7", 2), HostAddress("192.168.1.7", 1))


def test_a_box_is_dialled_where_its_owner_declares_that_it_is() -> None:
    named_one = (("198.51.100.7", 9_000),)
    assert dialled_addresses(named_one, HOSTS, 4_100, is_fixed=False) == named_one
    assert dialled_addresses((), HOSTS, 4_100, is_fixed=False) == ()


def test_a_box_with_a_fixed_port_is_dialled_at_its_global_addresses_too() -> None:
    assert dialled_addresses((), HOSTS, 4_100, is_fixed=True) == (("2a00::7", 4_100),)


def test_visitors_are_counted_by_the_network_that_the_coordinator_would_name() -> None:
    assert network_of("192.0.2.77") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::7") == "2001:db8:1::/48"
