"""Chooses which addresses of this machine become host candidates, and their order."""

from __future__ import annotations

import functools
import ipaddress
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass

import ifaddr

from p2claw.source_address import FAR_V4, FAR_V6, source_of

# Every address costs a socket and a check per candidate of the peer, 20 ms apart. A machine with
# containers has dozens.
ADDRESSES = 8

# Bridges and taps of containers and virtual machines: a visitor is rarely behind one.
VIRTUAL_PREFIXES = (
    *("br-", "cali", "cni", "docker", "flannel", "incus", "kube", "lxc", "lxd", "podman"),
    *("vboxnet", "veth", "virbr", "vmnet"),
)

# A list of interfaces costs 0.3 ms. Visitors who come at once share one.
FRESH_S = 0.2

# RFC 8445 §5.1.2.1: the local preference of the best address; the next ones count down from it.
BEST_PREFERENCE = 65_535


@dataclass(frozen=True, slots=True)
class Interface:
    """One address of one interface, as the system lists it."""

    name: str
    host: str


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An address to gather on. preference: RFC 8445 local preference, higher is tried first."""

    host: str
    preference: int


def host_addresses() -> tuple[HostAddress, ...]:
    """The addresses of this machine to gather on; loopback only if there is no other."""
    return _host_addresses(int(time.monotonic() / FRESH_S))


def list_now() -> tuple[HostAddress, ...]:
    """The same, asked of the system now. What `host_addresses` remembers is forgotten."""
    _host_addresses.cache_clear()
    return host_addresses()


def routed() -> frozenset[str]:
    """The addresses that the default routes of both families send from; "" where there is none."""
    return frozenset({source_of(FAR_V4), source_of(FAR_V6)})


@functools.lru_cache(maxsize=1)
def _host_addresses(span: int) -> tuple[HostAddress, ...]:
    """span: of FRESH_S, counted from anywhere."""
    return tuple(choose(_interfaces(), routed=routed()))


def choose(interfaces: Iterable[Interface], *, routed: Iterable[str]) -> list[HostAddress]:
    """Filter, order and bound. routed: addresses that the default routes send from."""
    routed = frozenset(routed)
    ranked: dict[int, list[str]] = {}
    loopback: list[str] = []
    for interface in interfaces:
        address = ipaddress.ip_address(interface.host)
        if address.is_loopback:
            loopback.append(interface.host)
        elif not (address.is_multicast or address.is_unspecified):
            ranked.setdefault(_rank(interface, address, routed), []).append(interface.host)
    ordered = [host for rank in sorted(ranked) for host in _interleaved(ranked[rank])]
    if not ordered:
        # A visitor on the same machine is the only one who can come, and it can only come this way.
        ordered = _interleaved(loopback)
    unique = list(dict.fromkeys(ordered))[:ADDRESSES]
    return [HostAddress(host, BEST_PREFERENCE - place) for place, host in enumerate(unique)]


def _rank(
    interface: Interface,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    routed: frozenset[str],
) -> int:
    if interface.host in routed:
        return 0
    if address.is_link_local:
        return 3
    return 2 if interface.name.startswith(VIRTUAL_PREFIXES) else 1


def _interleaved(hosts: list[str]) -> list[str]:
    """Both families in turn, IPv6 first, so that neither crowds the other out (RFC 8421 §4)."""
    v6 = [host for host in hosts if ":" in host]
    v4 = [host for host in hosts if ":" not in host]
    pairs = itertools.zip_longest(v6, v4)
    return [host for pair in pairs for host in pair if host is not None]


def _interfaces() -> list[Interface]:
    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if isinstance(ip.ip, str):
                found.append(Interface(adapter.nice_name, ip.ip))
            elif ip.ip[2] == 0:  # an address with a scope cannot be written in a candidate
                found.append(Interface(adapter.nice_name, ip.ip[0]))
    return found
