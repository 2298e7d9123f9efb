"""At which addresses visitors are told to try this box, beside those that the machine has."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from p2claw.config import PublicAddress


def told(
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


def _leads_somewhere(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (
        parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast or parsed.is_link_local
    )
