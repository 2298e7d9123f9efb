"""Which addresses become candidates, and in which order."""

from __future__ import annotations

import pytest

from p2claw.link.ice import host_addresses as module
from p2claw.link.ice.host_addresses import ADDRESSES, Interface, choose, host_addresses


def _hosts(*interfaces: tuple[str, str], routed: tuple[str, ...] = ()) -> list[str]:
    listed = [Interface(name, host) for name, host in interfaces]
    return [address.host for address in choose(listed, routed=routed)]


def test_loopback_is_not_sent_if_there_is_another() -> None:
    assert _hosts(("lo", "127.0.0.1"), ("eth0", "10.0.0.5"), ("lo", "::1")) == ["10.0.0.5"]


def test_loopback_serves_a_machine_without_a_network() -> None:
    assert _hosts(("lo", "127.0.0.1"), ("lo", "::1")) == ["::1", "127.0.0.1"]


def test_the_address_of_the_default_route_comes_first() -> None:
    found = _hosts(("tun0", "10.8.0.2"), ("eth0", "10.0.0.5"), routed=("10.0.0.5",))
    assert found == ["10.0.0.5", "10.8.0.2"]


def test_bridges_of_containers_come_after_real_interfaces() -> None:
    found = _hosts(("docker0", "172.17.0.1"), ("veth1a", "10.9.9.9"), ("eth1", "10.0.1.5"))
    assert found == ["10.0.1.5", "172.17.0.1", "10.9.9.9"]


def test_addresses_without_a_network_behind_them_come_last() -> None:
    found = _hosts(("eth0", "169.254.3.4"), ("docker0", "172.17.0.1"))
    assert found == ["172.17.0.1", "169.254.3.4"]


def test_both_families_are_tried_in_turn() -> None:
    found = _hosts(("e", "10.0.0.1"), ("e", "10.0.0.2"), ("e", "2001:db8::1"), ("e", "2001:db8::2"))
    assert found == ["2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.2"]


def test_a_machine_full_of_bridges_is_bounded() -> None:
    many = [(f"br-{n}", f"172.20.{n}.1") for n in range(100)]
    found = _hosts(*many, ("eth0", "10.0.0.5"))
    assert (len(found), found[0]) == (ADDRESSES, "10.0.0.5")


def test_no_address_is_sent_twice() -> None:
    assert _hosts(("eth0", "10.0.0.5"), ("eth0:1", "10.0.0.5")) == ["10.0.0.5"]


def test_earlier_addresses_are_preferred() -> None:
    found = choose([Interface("a", "10.0.0.1"), Interface("b", "10.0.0.2")], routed=())
    assert found[0].preference > found[1].preference


def test_this_machine_has_an_address() -> None:
    assert host_addresses()


def test_interfaces_are_listed_now_and_then_however_many_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s, listed = 10.0, 0

    def list_them() -> list[Interface]:
        nonlocal listed
        listed += 1
        return [Interface("eth0", f"10.0.0.{listed}")]

    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    monkeypatch.setattr(module, "_interfaces", list_them)
    first = host_addresses()
    now_s = 10.19
    assert host_addresses() == first
    now_s = 11.0
    assert [address.host for address in host_addresses()] == ["10.0.0.2"]
