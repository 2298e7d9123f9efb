"""The NATs of the laboratory, as rules for nftables. `test_nats.py` proves each before it is used.

The words are RFC 4787's: a mapping is endpoint-independent or not, and so is the filtering. A
router has the device `wan0` outwards and `lan0` inwards; NATs are for IPv4, IPv6 gets a firewall.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Mapping(enum.Enum):
    """On what the public port depends that a socket is given (RFC 4787 §4.1)."""

    NONE = "no NAT"
    ENDPOINT_INDEPENDENT = "its own address"
    ADDRESS_AND_PORT = "its own address and whom it talks to"


class Filtering(enum.Enum):
    """Whose packets come in through a mapping (RFC 4787 §5)."""

    ENDPOINT_INDEPENDENT = "anybody's"
    ADDRESS = "hosts that were sent something"
    ADDRESS_AND_PORT = "sockets that were sent something"
    ALL = "nobody's"


@dataclass(frozen=True, slots=True)
class Nat:
    """One kind. rules: the body of nftables' `table inet lab`.

    carrier: a second NAT in front of it, of the provider. mtu_bytes: of the line outwards, where
    no ICMP reports it. ipv4, ipv6: what there is behind it.
    """

    mapping: Mapping
    filtering: Filtering
    rules: str = ""
    carrier: str = ""
    mtu_bytes: int = 1500
    ipv4: bool = True
    ipv6: bool = False


_HOOKS = {
    "before": "nat hook prerouting priority dstnat",
    "out": "nat hook postrouting priority srcnat",
    "through": "filter hook forward priority filter",
    "in": "filter hook input priority filter",
    "silent": "filter hook output priority filter",
}


def _chain(name: str, *rules: str) -> str:
    return "\n".join([f"chain {name} {{", f"type {_HOOKS[name]}", *rules, "}\n"])


_FROM_OUTSIDE = 'iifname "wan0"'
_MASQUERADE = _chain("out", 'oifname "wan0" meta nfproto ipv4 masquerade')
_SYMMETRIC = _MASQUERADE.replace("masquerade", "masquerade random,fully-random")
_NO_UDP_IN = _chain("in", f"{_FROM_OUTSIDE} meta l4proto udp drop")
_ESTABLISHED = _chain("through", f"{_FROM_OUTSIDE} ct state new drop") + _NO_UDP_IN


def _learning(key: str, outwards: str, inwards: str) -> str:
    """Who is behind a port is learnt from what leaves, and packets that match come in.

    The map stands for a NAT that filters less than Linux's own, which knows sockets alone.
    """
    return (
        f"map learnt {{ type {key} : ipv4_addr; flags dynamic,timeout; timeout 60s; }}\n"
        + _chain("before", f"{_FROM_OUTSIDE} meta l4proto udp dnat ip to {inwards} map @learnt")
        + _MASQUERADE
        + _chain(
            "through",
            'iifname "lan0" oifname "wan0" meta l4proto udp'
            f" update @learnt {{ {outwards} : ip saddr }}",
            f"{_FROM_OUTSIDE} ct status dnat accept",
            f"{_FROM_OUTSIDE} ct state new drop",
        )
        + _NO_UDP_IN
    )


_EIM, _APDM = Mapping.ENDPOINT_INDEPENDENT, Mapping.ADDRESS_AND_PORT
_APDF = Filtering.ADDRESS_AND_PORT
_PORT = Nat(_EIM, _APDF, _MASQUERADE + _ESTABLISHED)

OPEN_PORT = 4100  # what a cloud's firewall lets in

NATS: dict[str, Nat] = {
    "none": Nat(Mapping.NONE, Filtering.ENDPOINT_INDEPENDENT),
    "full-cone": Nat(
        _EIM,
        Filtering.ENDPOINT_INDEPENDENT,
        _learning("inet_service", "udp sport", "udp dport"),
    ),
    "address": Nat(
        _EIM,
        Filtering.ADDRESS,
        _learning("ipv4_addr . inet_service", "ip daddr . udp sport", "ip saddr . udp dport"),
    ),
    "port": _PORT,
    "symmetric": Nat(_APDM, _APDF, _SYMMETRIC + _ESTABLISHED),
    # Two in a row, the outer one of the provider.
    "carrier": Nat(_EIM, _APDF, _MASQUERADE + _ESTABLISHED, carrier=_MASQUERADE + _ESTABLISHED),
    # Plain Linux: what comes uninvited reaches the router, is refused by ICMP, and its entry in
    # the table keeps the mapping that the host behind would have had.
    "masquerade": Nat(_EIM, _APDF, _MASQUERADE),
    # A cloud's: one public address is the host's alone, behind a firewall with one port open.
    "cloud": Nat(
        _EIM,
        _APDF,
        _chain("before", f"{_FROM_OUTSIDE} meta nfproto ipv4 dnat ip to @inner@")
        + _chain("out", 'oifname "wan0" meta nfproto ipv4 snat ip to @outer@')
        + _chain(
            "through",
            f"{_FROM_OUTSIDE} udp dport != {OPEN_PORT} ct state new drop",
            f"{_FROM_OUTSIDE} meta l4proto tcp ct state new drop",
        ),
    ),
    "udp-blocked": Nat(
        _EIM, Filtering.ALL, _MASQUERADE + _chain("through", "meta l4proto udp drop")
    ),
    "ipv6": Nat(Mapping.NONE, _APDF, _ESTABLISHED, ipv4=False, ipv6=True),
    "both": Nat(_EIM, _APDF, _MASQUERADE + _ESTABLISHED, ipv6=True),
    "mtu-1280": Nat(_EIM, _APDF, _MASQUERADE + _ESTABLISHED, mtu_bytes=1280),
    "mtu-1230": Nat(_EIM, _APDF, _MASQUERADE + _ESTABLISHED, mtu_bytes=1230),
}


def ruleset(rules: str, *, inner: str, outer: str, hides_mtu: bool) -> str:
    """What `nft -f -` reads. inner, outer: addresses of the host behind, and of the router.

    hides_mtu: no ICMP reports that a packet was too large, as many firewalls have it.
    """
    # Not all of ICMPv6: it also finds neighbours.
    silent = _chain(
        "silent",
        "icmp type { destination-unreachable, time-exceeded } drop",
        "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded } drop",
    )
    body = rules.replace("@inner@", inner).replace("@outer@", outer) + (silent if hides_mtu else "")
    return f"table inet lab {{\n{body}}}\n"
