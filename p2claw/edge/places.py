"""How many sockets a server holds, and who may have one more. Sans-IO.

An address, one IPv4 address or one IPv6 /64, may hold as many as are free: half of all if it is
alone, and whoever comes later always finds some. The last ones are for agents and for who monitors
the server, because a server that its boxes cannot reach is of no use to anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from enum import Enum, auto
from ipaddress import IPv6Address, ip_address, ip_network

from p2claw.config import Network

# One in so many is among the last.
LAST_OF = 8


class Place(Enum):
    """What a socket gets."""

    ORDINARY = auto()
    LAST = auto()  # for agents and for monitoring
    NONE = auto()


class Places:
    """`total` sockets. trusted: proxies, which bring many people each and have no share."""

    def __init__(self, total: int, trusted: Sequence[Network] = ()) -> None:
        self.total = total
        self._trusted = trusted
        self._taken = 0
        self._held: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many sockets there are."""
        return self._taken

    def take(self, host: str) -> Place:
        """A socket of this address has come. Unless it gets none, it is to be given back."""
        free, key = self.total - self._taken, _key(host)
        if free <= 0 or (self._held[key] >= free and not _is_within(key, self._trusted)):
            if not self._held[key]:
                del self._held[key]
            return Place.NONE
        self._taken += 1
        self._held[key] += 1
        return Place.LAST if free <= self.total // LAST_OF else Place.ORDINARY

    def give(self, host: str) -> None:
        """A socket of this address is closed."""
        key = _key(host)
        self._taken -= 1
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]

    def addresses(self) -> int:
        """How many addresses hold a socket."""
        return len(self._held)


def _key(host: str) -> str:
    address = ip_address(host.partition("%")[0])
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False).network_address)


def _is_within(key: str, networks: Collection[Network]) -> bool:
    address = ip_address(key)
    return any(address.version == net.version and address in net for net in networks)
