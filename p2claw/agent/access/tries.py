"""How often somebody may try to get in: per link, per network and per app.

Sans-IO: the time is an argument. A try uses up one token of each of three buckets, and gives them
back if it was right. So that no attacker locks others out, only networks that have been wrong
before ask the bucket of the app: each network has its first tries whatever others did.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class TryLimits:
    """Wrong tries: so many at once, and so many per minute in the long run."""

    link_burst: int = 5
    link_per_minute: float = 6.0
    network_burst: int = 20
    """A /24 or a /48: behind it there may be a school, whose pupils mistype."""
    network_per_minute: float = 10.0
    app_burst: int = 60
    app_per_minute: float = 30.0
    network_first: int = 3
    """Tries of a network that ask nothing of the bucket of the app."""
    remembered: int = 4_096
    """Buckets; the one that was used least lately is forgotten."""


class Tries:
    """The tries of one box."""

    def __init__(self, limits: TryLimits | None = None) -> None:
        self.limits = limits or TryLimits()
        self._buckets: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()

    def begin(self, app: str, network: str, link: str, now: float) -> float:
        """Use a try up: returns 0. If there is none, in how many seconds there will be one."""
        kinds = self._kinds(app, network, link, now)
        wait_s = max(self._wait_s(*kind, now) for kind in kinds)
        if wait_s > 0:
            return wait_s
        for key, burst, per_minute in kinds:
            self._put(key, self._left(key, burst, per_minute, now) - 1, now)
        return 0.0

    def right(self, app: str, network: str, link: str, now: float) -> None:
        """The try was right: it does not count."""
        for key, burst, per_minute in self._all(app, network, link):
            left = self._left(key, burst, per_minute, now)
            self._put(key, min(left + 1, burst), now)

    def _kinds(
        self, app: str, network: str, link: str, now: float
    ) -> list[tuple[tuple[str, ...], int, float]]:
        kinds = self._all(app, network, link)
        first = self.limits.network_burst - self.limits.network_first
        if self._left(*kinds[1], now) - 1 >= first:
            return kinds[:2]
        return kinds

    def _all(self, app: str, network: str, link: str) -> list[tuple[tuple[str, ...], int, float]]:
        of = self.limits
        return [
            (("link", app, link), of.link_burst, of.link_per_minute),
            (("network", app, network), of.network_burst, of.network_per_minute),
            (("app", app), of.app_burst, of.app_per_minute),
        ]

    def _left(self, key: tuple[str, ...], burst: int, per_minute: float, now: float) -> float:
        left, at = self._buckets.get(key, (float(burst), now))
        return min(burst, left + max(now - at, 0) * per_minute / MINUTE_S)

    def _wait_s(self, key: tuple[str, ...], burst: int, per_minute: float, now: float) -> float:
        missing = 1 - self._left(key, burst, per_minute, now)
        return max(missing, 0) * MINUTE_S / per_minute

    def _put(self, key: tuple[str, ...], left: float, now: float) -> None:
        self._buckets[key] = left, now
        self._buckets.move_to_end(key)
        while len(self._buckets) > self.limits.remembered:
            self._buckets.popitem(last=False)
