"""Knows when a relay has become so slow that a link through another one is worth a try. Pure.

A relay that is overloaded still delivers, so nothing falls silent and nobody doubts the link. What
shows it is the round trip of data: it grows to many times the least that the link has had, and
stays there. That a visitor's own line is full looks alike; so a try is soon followed by none.
"""

from __future__ import annotations

# The longest ways on earth take 0.35 s, and queues of ordinary lines some tenths more.
SLOW_S = 0.7
SLOW_TIMES = 4.0
# A burst fills a queue, and it empties again.
LASTS_S = 1.0
# Each further try costs an introduction, and finds no better relay if there is none.
AGAIN_S, AGAIN_MOST_S = 30.0, 960.0


class SlowPath:
    """The path of one session, whichever links carry it. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._slow_since: float | None = None
        self._not_before = float("-inf")
        self._again_s = AGAIN_S

    def look(self, *, is_relayed: bool, rtt_s: float, least_s: float, now: float) -> bool:
        """Whether another link is to be looked for now; then it is not again for a while.

        rtt_s, least_s: the round trip of data lately, and the least of this link; 0: not known.
        """
        if not is_relayed or not least_s or rtt_s < max(SLOW_S, SLOW_TIMES * least_s):
            self._slow_since = None
            return False
        if self._slow_since is None:
            self._slow_since = now
        if now - self._slow_since < LASTS_S or now < self._not_before:
            return False
        self._slow_since = None
        self._not_before = now + self._again_s
        self._again_s = min(AGAIN_MOST_S, 2 * self._again_s)
        return True
