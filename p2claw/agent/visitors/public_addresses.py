"""The addresses at which visitors try this box, beside those that the machine itself has."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from p2claw.config import PublicAddress
from p2claw.link.ice.host_addresses import HostAddress


def public_addresses(
    named: Iterable[PublicAddress], *, seen: str, port: int, is_fixed: bool
) -> tuple[tuple[str, int], ...]:
    """Addresses with ports, none twice.

    named: by the owner. seen: the address at which the coordinator sees this box, or "". It is
    tried with the UDP port only if the owner fixed that: a port that the system chose is open in
    nobody's firewall, and STUN finds what a NAT made of it. port: the UDP port.
    """
    found = {(address.host, address.port or port): None for address in named}
    if is_fixed and _leads_somewhere(seen):
        found[seen, port] = None
    return tuple(found)


def dialled_addresses(
    public: Iterable[tuple[str, int]],
    hosts: Iterable[HostAddress],
    port: int,
    *,
    is_fixed: bool,
) -> tuple[tuple[str, int], ...]:
    """The addresses at which a visitor dials this box.

    public: as above. hosts: of the machine; a global one counts only if the owner fixed the port,
    and so means it to be reached. A dial that reaches nobody costs the visitor 0.3 s.
    """
    found = dict.fromkeys(public)
    if is_fixed:
        found |= {
            (host.host, port): None for host in hosts if ipaddress.ip_address(host.host).is_global
        }
    return tuple(found)


def port_at(seen: str, addresses: Iterable[tuple[str, int]]) -> int | None:
    """The UDP port by which this process is reached at the address that the coordinator sees."""
    return next((port for host, port in addresses if host == seen), None)


def network_of(host: str) -> str:
    """The network by which visitors are counted: the /24 or /48, as the coordinator names it."""
    address = ipaddress.ip_address(host)
    width = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((host, width), strict=False))


def _leads_somewhere(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (
        parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast or parsed.is_link_local
    )
