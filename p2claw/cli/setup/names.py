"""Whether the names of a server lead to this machine: asked of the resolver that it has."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import socket
from dataclasses import dataclass

from p2claw.cli.setup.mapped import source_address
from p2claw.names import is_localhost

_FORWARDED = "perhaps through a router or a cloud's mapping: see that they do"


@dataclass(frozen=True, slots=True)
class NameCheck:
    """One name. level: `ok`, `warn` or `fail`."""

    name: str
    level: str
    text: str
    addresses: tuple[str, ...] = ()


def check_names(parent: str, turn: str) -> list[NameCheck]:
    """The parent, a name below it that nobody has made, and the relay. Blocks on the resolver."""
    own = own_addresses()
    wildcard = f"{secrets.token_hex(6)}.{parent}"
    found = [_check(parent, parent, own), _check(wildcard, f"*.{parent}", own)]
    return [*found, _check(turn, turn, own)] if turn else found


def _check(name: str, shown: str, own: frozenset[str]) -> NameCheck:
    if is_localhost(name):
        return NameCheck(shown, "ok", "is this machine, for browsers on it and nobody else")
    try:
        entries = socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        text = f"leads nowhere ({error.strerror}): make an A record, and AAAA if you have IPv6"
        return NameCheck(shown, "fail", text)
    addresses = tuple(sorted({str(entry[4][0]).partition("%")[0] for entry in entries}))
    listed = ", ".join(addresses)
    strange = [address for address in addresses if address not in own]
    if not strange:
        return NameCheck(shown, "ok", f"leads here ({listed})", addresses)
    if all(ipaddress.ip_address(address).is_private for address in strange):
        return NameCheck(shown, "warn", f"leads to {listed}, which no stranger reaches", addresses)
    return NameCheck(shown, "warn", f"leads to {listed}, {_FORWARDED}", addresses)


def own_addresses() -> frozenset[str]:
    """Those of its interfaces, those from which it speaks to others, and those of its own name."""
    import ifaddr  # only here: every verb of a server loads this file

    found = {"127.0.0.1", "::1", *filter(None, (source_address(4), source_address(6)))}
    for adapter in ifaddr.get_adapters():
        # Of IPv6 an address with two numbers; of IPv4 a text.
        found |= {one.ip if isinstance(one.ip, str) else one.ip[0] for one in adapter.ips}
    with contextlib.suppress(OSError):
        found |= {str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None)}
    return frozenset(found)
