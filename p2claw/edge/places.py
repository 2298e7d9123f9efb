"""How many sockets a server holds, and who may have one more. Sans-IO.

An address, one IPv4 address or one IPv6 /64, may hold as many as are free: half of all if it is
alone, and an address that comes later always finds some. The last sockets are for agents and for
monitoring, because a server that its boxes cannot reach is of no use to anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum, auto
from ipaddress import IPv6Address, ip_address, ip_network

from p2claw.config import Network
from p2claw.fair_shares import FairShares

# One in so many is among the last, and so many are at most: a server that is full of boxes still
# has room for their visitors.
LAST_OF = 8
MOST_LAST = 1_000


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
        self._shares = FairShares(total)

    @property
    def in_use(self) -> int:
        """How many sockets there are."""
        return self._shares.in_use

    def hold(self, host: str) -> Place:
        """A socket of this address has come. Unless it gets no place, `release` must follow."""
        free, key = self.total - self._shares.in_use, _key(host)
        # An address is a visitor that is alone in its network.
        if free <= 0 or not (self._shares.may(key, key) or _is_within(key, self._trusted)):
            return Place.NONE
        self._shares.hold(key, key)
        return Place.LAST if free <= min(self.total // LAST_OF, MOST_LAST) else Place.ORDINARY

    def release(self, host: str) -> None:
        """A socket of this address is closed."""
        key = _key(host)
        self._shares.release(key, key)

    def addresses(self) -> int:
        """How many addresses hold a socket."""
        return self._shares.visitors


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
