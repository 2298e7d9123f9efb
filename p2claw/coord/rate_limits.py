"""Rate limits: a token bucket, and a table with one bucket per address. Sans-IO.

An address is one IPv4 address or one IPv6 /64, the smallest piece of IPv6 that one customer has.
"""

from __future__ import annotations

from collections import OrderedDict

from p2claw.coord.client_address import Address

_MINUTE_S = 60.0


class TokenBucket:
    """A token bucket: `burst` at once, `per_minute` (more than 0) in the long run.

    Full at the start.
    """

    __slots__ = ("_burst", "_per_s", "_since", "_tokens")

    def __init__(self, burst: int, per_minute: float, now: float) -> None:
        self._burst = float(burst)
        self._per_s = per_minute / _MINUTE_S
        self._tokens = float(burst)
        self._since = now

    def spend(self, now: float) -> float:
        """Use a token up: 0.0 if there was one, else in how many seconds there will be."""
        self._tokens = min(self._burst, self._tokens + (now - self._since) * self._per_s)
        self._since = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._per_s

    def wait_s(self, now: float) -> float:
        """As `spend`, but the bucket keeps its token."""
        tokens = min(self._burst, self._tokens + (now - self._since) * self._per_s)
        return 0.0 if tokens >= 1.0 else (1.0 - tokens) / self._per_s

    def reserve(self, now: float, count: int, most_s: float) -> float | None:
        """Use `count` tokens up in advance: in how many seconds there will be so many.

        None, and none is used up, if that is more than `most_s`.

        Each reservation waits once, for its own turn: if all that wait asked again and again, a
        crowd of them would be work for a core.
        """
        tokens = min(self._burst, self._tokens + (now - self._since) * self._per_s) - count
        wait_s = max(0.0, -tokens / self._per_s)
        if wait_s > most_s:
            return None
        self._tokens, self._since = tokens, now
        return wait_s


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
