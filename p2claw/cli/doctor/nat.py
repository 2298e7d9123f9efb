"""Checks what is between this machine and the Internet: the kind of NAT, hairpin, the path's MTU.

A STUN server is asked as RFC 5780 has it. The words are RFC 4787's: a *mapping* is the outer port
that a NAT gives to a socket, *filtering* is whose packets it lets in there.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from p2claw.cli.doctor.finding import Finding, ok, warn
from p2claw.cli.doctor.stun_socket import CHANGE_ADDRESS, CHANGE_PORT, Address, Reply, StunSocket
from p2claw.source_address import source_of

# For what may rightly be without a reply: a filter, a packet that is too large.
SILENCE_S = (0.3, 0.6)

# What a browser sends, on any path: 1188 of SCTP + 37 DTLS + 8 UDP + 20 IPv4.
BROWSER_BYTES = 1253
# The first packets of a link from us have this size at most: a datagram of 1200 + 8 UDP + 20 IPv4.
LEAST_BYTES = 1228
# IPv4 with a VLAN's, PPPoE, WireGuard, what IPv6 asks of every path, and those two.
SIZES_BYTES = (1500, 1496, 1492, 1420, 1280, BROWSER_BYTES, LEAST_BYTES)
_IPV4_UDP_BYTES = 20 + 8


class Mapping(enum.Enum):
    NONE = "this machine has its outer address itself"
    SAME = "a socket has one outer port, whomever it talks to"
    BY_ADDRESS = "a socket has another outer port for each host that it talks to"
    BY_PORT = "a socket has another outer port for each socket that it talks to"
    VARIES = "a socket has another outer port for another host"
    UNKNOWN = "one server alone cannot show whether a socket keeps its outer port"


class Filtering(enum.Enum):
    OPEN = "anybody may send to it"
    BY_ADDRESS = "hosts that were sent something may send to it"
    BY_PORT = "sockets that were sent something may send to it"
    UNKNOWN = "this server cannot find out who may send to it (it does not know RFC 5780)"


@dataclass(frozen=True, slots=True)
class Nat:
    """outer: where a server saw us."""

    mapping: Mapping
    filtering: Filtering
    outer: Address


async def check_nat(servers: Sequence[Address]) -> list[Finding]:
    """The NAT, hairpin and the MTU. servers: STUN servers by IPv4 address that have responded."""
    if not servers:
        return []
    found = await find_nat(servers)
    if found is None:
        return []
    findings = [_nat(found)]
    if found.mapping in (Mapping.SAME, Mapping.BY_ADDRESS):
        findings.append(await _hairpin(servers[0]))
    mtu = await _mtu(servers[0])
    return [*findings, mtu] if mtu else findings


async def find_nat(servers: Sequence[Address]) -> Nat | None:
    """The kind of NAT in front of this machine; None where no server responds."""
    server = servers[0]
    with StunSocket() as one:
        first = await one.ask(server)
        if first is None:
            return None
        own = (await asyncio.to_thread(source_of, server[0]), one.port)
        other = first.other if first.other and first.other[0] != server[0] else None
        if first.mapped == own:
            mapping = Mapping.NONE
        elif other is None:
            mapping = await _compare(one, first, servers[1:])
        else:
            mapping = await _mapping(one, first, server, other)
    filtering = await _filtering(server) if other else Filtering.UNKNOWN
    return Nat(mapping, filtering, first.mapped)


async def _mapping(one: StunSocket, first: Reply, server: Address, other: Address) -> Mapping:
    """RFC 5780 §4.3."""
    second = await one.ask((other[0], server[1]))
    if second is None:
        return Mapping.UNKNOWN
    if second.mapped == first.mapped:
        return Mapping.SAME
    third = await one.ask(other)
    same = third is not None and third.mapped == second.mapped
    return Mapping.BY_ADDRESS if same else Mapping.BY_PORT


async def _compare(one: StunSocket, first: Reply, others: Sequence[Address]) -> Mapping:
    """By another server, where the first has one address alone."""
    for server in others:
        second = await one.ask(server)
        if second is not None:
            return Mapping.SAME if second.mapped == first.mapped else Mapping.VARIES
    return Mapping.UNKNOWN


async def _filtering(server: Address) -> Filtering:
    """RFC 5780 §4.4."""
    with StunSocket() as fresh:
        if await fresh.ask(server) is None:
            return Filtering.UNKNOWN
        if await fresh.ask(server, change=CHANGE_ADDRESS | CHANGE_PORT, tries_s=SILENCE_S):
            return Filtering.OPEN
        if await fresh.ask(server, change=CHANGE_PORT, tries_s=SILENCE_S):
            return Filtering.BY_ADDRESS
    return Filtering.BY_PORT


def _nat(nat: Nat) -> Finding:
    where = f"seen as {nat.outer[0]}"
    if nat.mapping is Mapping.NONE:
        if nat.filtering is Filtering.UNKNOWN:
            return ok("nat", f"none: {nat.mapping.value} ({nat.outer[0]})")
        return ok("nat", f"none, {where}; of a socket, {nat.filtering.value}")
    text = f"{where}; {nat.mapping.value}; {nat.filtering.value}"
    if nat.mapping in (Mapping.BY_ADDRESS, Mapping.BY_PORT, Mapping.VARIES):
        return warn(
            "nat",
            text,
            "Many visitors behind routers need a relay then: `p2claw server --turn`; or open a "
            "UDP port in the router, and name it: `p2claw run --udp-port`, `--public-address`",
        )
    return ok("nat", text)


async def _hairpin(server: Address) -> Finding:
    """Whether the router leads its own outer address back in (RFC 4787 §6)."""
    with StunSocket() as one, StunSocket() as other:
        seen, opened = await one.ask(server), await other.ask(server)
        there = seen is not None and await other.reaches(one, seen.mapped, SILENCE_S)
        if there and opened is not None:
            return ok("hairpin", "the router leads its outer address back in")
    return ok(
        "hairpin",
        "the router does not lead its outer address back in: visitors behind it reach this box by "
        "its inner addresses alone",
    )


async def _mtu(server: Address) -> Finding | None:
    """The largest packet that gets to the server, of those that are tried, all at once."""
    sizes = (*SIZES_BYTES, 0)
    carried = await asyncio.gather(*(_carries(server, size) for size in sizes))
    largest = next((size for size, gets in zip(sizes, carried, strict=True) if gets), None)
    if largest is None:
        return None  # it has fallen silent
    if largest >= BROWSER_BYTES:
        return ok("mtu", f"packets of {largest} bytes get through to {server[0]}")
    hint = "Look for a VPN or tunnel with a small MTU, and raise it"
    if largest:
        return warn(
            "mtu",
            f"packets of {largest} bytes get through to {server[0]}, and none of {BROWSER_BYTES}",
            f"Pages open, but uploads of browsers stall: their packets are larger. {hint}",
        )
    return warn(
        "mtu",
        f"only packets of less than {LEAST_BYTES} bytes get through to {server[0]}",
        f"Links open here and carry nothing large. {hint}",
    )


async def _carries(server: Address, size_bytes: int) -> bool:
    try:
        with StunSocket(fragments=False) as whole:
            size = max(0, size_bytes - _IPV4_UDP_BYTES)
            return await whole.ask(server, size_bytes=size, tries_s=SILENCE_S) is not None
    except OSError:
        return False  # more than the interface carries
