"""Rate limits: a table with one token bucket per address. Sans-IO.

An address is one IPv4 address or one IPv6 /64, the smallest piece of IPv6 that one customer has.
"""

from __future__ import annotations

from collections import OrderedDict

from p2claw.coord.client_address import Address
from p2claw.token_bucket import TokenBucket


class RateLimit:
    """One bucket per address, for at most `addresses` addresses.

    At the limit of the table the address that was quiet for longest is forgotten: its bucket has
    had most time to fill, so forgetting it gives away least.
    """

    def __init__(self, burst: int, per_minute: float, addresses: int) -> None:
        self._burst = burst
        self._per_minute = per_minute
        self._most = addresses
        self._buckets: OrderedDict[tuple[int, int], TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait_s(self, address: Address, now: float) -> float:
        """As `TokenBucket.wait_s`, for this address."""
        bucket = self._buckets.get(_key(address))
        return 0.0 if bucket is None else bucket.wait_s(now)

    def spend(self, address: Address, now: float) -> float:
        """As `TokenBucket.spend`, for this address."""
        return self._bucket(address, now).spend(now)

    def reserve(self, address: Address, now: float, count: int, most_s: float) -> float | None:
        """As `TokenBucket.reserve`, for this address."""
        return self._bucket(address, now).reserve(now, count, most_s)

    def _bucket(self, address: Address, now: float) -> TokenBucket:
        key = _key(address)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._burst, self._per_minute, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket


def _key(address: Address) -> tuple[int, int]:
    number = int(address)
    return (4, number) if address.version == 4 else (6, number >> 64)
