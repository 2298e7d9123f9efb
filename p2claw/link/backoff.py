"""Delays between tries: they grow exponentially, with full jitter, up to a cap."""

from __future__ import annotations

import random
from collections.abc import Callable

BASE_S = 0.5
CAP_S = 60.0

# People look at "the box is asleep" meanwhile: for the first five minutes or so (40 tries, 7.5 s
# each on average) the ceiling is low enough for an app to be back soon after its coordinator.
SOON_CAP_S = 15.0
SOON_TRIES = 40


class Backoff:
    """Delays drawn evenly from 0 to a ceiling that doubles with each failure: 0.5, 1, 2 … 15 s.

    After `SOON_TRIES` failures the ceiling is 60 s.

    Full jitter, so that agents which lost the same coordinator do not come back together.
    """

    def __init__(
        self,
        *,
        base_s: float = BASE_S,
        cap_s: float = CAP_S,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._draw = draw
        self._failures = 0

    def next_delay_s(self, *, least_s: float = 0.0, spread_s: float | None = None) -> float:
        """The wait before the next try; with `least_s`, never less than that, and still spread.

        spread_s: the ceiling of the first `SOON_TRIES` delays, instead of one that doubles.
        """
        # 2**30 seconds is far above any cap: the exponent stays small after a year of failures.
        is_soon = self._failures < SOON_TRIES
        cap_s = min(self._cap_s, SOON_CAP_S) if is_soon else self._cap_s
        ceiling_s = min(cap_s, self._base_s * float(1 << min(self._failures, 30)))
        if spread_s is not None and is_soon:
            ceiling_s = spread_s
        self._failures += 1
        return least_s + self._draw() * ceiling_s

    def reset(self) -> None:
        """A try has succeeded: begin with short delays again."""
        self._failures = 0
