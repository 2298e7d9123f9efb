"""p2claw.coord.client_address: who asks, through which proxies, and how it is shortened."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from p2claw.coord.client_address import client_address, parsed_address, shortened

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        pytest.param("192.0.2.7", [], "192.0.2.7", id="no proxy"),
        pytest.param("192.0.2.7", ["198.51.100.1"], "192.0.2.7", id="a header nobody vouches for"),
        pytest.param("10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="one proxy"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1", id="two proxies"),
        pytest.param("10.0.0.1", ["198.51.100.1", "10.0.0.2"], "198.51.100.1", id="two headers"),
        pytest.param("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1", id="a forged hop"),
        pytest.param("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1", id="with a port"),
        pytest.param("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1", id="IPv6 with a port"),
        pytest.param("2001:db8:ffff::1", ["2001:db8::1"], "2001:db8::1", id="an IPv6 proxy"),
        pytest.param("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="IPv4 in IPv6"),
        pytest.param("10.0.0.1", ["unknown"], "10.0.0.1", id="no address at all"),
        pytest.param("10.0.0.1", ["198.51.100.1, evil"], "10.0.0.1", id="no address at the end"),
        pytest.param("10.0.0.1", [",".join(["10.0.0.2"] * 99)], "10.0.0.2", id="far too many"),
        pytest.param("", [], "0.0.0.0", id="a socket that is gone"),
    ],
)
def test_the_address_that_asks(peer: str, forwarded: list[str], expected: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == ip_address(expected)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48")],
)
def test_logs_and_boxes_know_an_address_only_in_part(address: str, expected: str) -> None:
    assert shortened(ip_address(address)) == expected


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "[]", "1.2.3.4.5:80", "\x00"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert parsed_address(text) is None
