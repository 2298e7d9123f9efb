"""The address of a client, also behind reverse proxies, and its short form for logs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from p2claw.config import Network

Address = IPv4Address | IPv6Address

# Each proxy on the way adds one entry; a longer chain is a forgery in its far part.
_MOST_HOPS = 16


def client_address(peer: str, forwarded_for: Iterable[str], trusted: Sequence[Network]) -> Address:
    """The address that asks.

    peer: the other end of the TCP connection. forwarded_for: the values of X-Forwarded-For, which
    count only as far as each hop, read from the right, is a trusted proxy.
    """
    address = parsed_address(peer) or IPv4Address(0)
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    for hop in reversed(hops[-_MOST_HOPS:]):
        named = parsed_address(hop) if is_within(address, trusted) else None
        if named is None:
            break
        address = named
    return address


def is_within(address: Address, networks: Sequence[Network]) -> bool:
    """Whether any of the networks holds the address."""
    return any(address.version == net.version and address in net for net in networks)


def network_of(address: Address) -> str:
    """What has one share of a limit: one IPv4 address, or one IPv6 /64."""
    number = int(address)
    return f"4:{number:x}" if address.version == 4 else f"6:{number >> 64:x}"


def shortened(address: Address) -> str:
    """The address as far as logs and boxes may know it: its /24 or /48."""
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


def parsed_address(text: str) -> Address | None:
    """An address as headers and sockets write it, perhaps with a port; None if it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
