"""A bucket of tokens: so much at once, and so much in the long run. Sans-IO."""

from __future__ import annotations

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
