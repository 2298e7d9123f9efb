"""Counts what the visitors of one process move, by app and path, and how its apps respond.

Each count only grows, and has a name of three parts, so that those of several processes can be
added. Bytes are those of whole messages, before encryption, as the session counts them.

    app/direct/in, app/direct/out       bytes; `relayed` likewise
    app/direct/visits                   links of which something has come
    app/direct/chunks, app/direct/lost  of SCTP, sent by the box: as of the latest `links()`
    app/responses/2xx                   of the app, by class of status
    app/waits/3, app/waits/us           responses that took more than WAIT_S[2] and at most
                                        WAIT_S[3]; how long all of them took together
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache

from p2claw.units import DAY_S

RELAYED = "relayed"
DIRECT = "direct"
PATHS = (DIRECT, RELAYED)
DIRECTIONS = ("in", "out")

# From a request to the head of its response. Above the last one nobody distinguishes any more.
WAIT_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Traffic:
    """What all links of one process have moved since it started.

    per_visit, per_day: how many bytes may be relayed; 0: any number. A day is one of UTC.
    """

    def __init__(
        self, per_visit: int = 0, per_day: int = 0, *, wall_s: Callable[[], float] = time.time
    ) -> None:
        self.per_visit = per_visit
        self._per_day = per_day
        self._wall_s = wall_s
        self._counts: Counter[str] = Counter()
        self._day = 0
        self._relayed_today = 0

    def add(self, app: str, path: str, grown: tuple[int, int]) -> None:
        """Count more bytes of a link, in and out."""
        for direction, count in zip(DIRECTIONS, grown, strict=True):
            self._count(f"{app}/{path}/{direction}", count)
        if path == RELAYED:
            self._relayed_today = self._today() + sum(grown)

    def visit(self, app: str, path: str) -> None:
        """Count a link on which a visitor has sent something."""
        self._count(f"{app}/{path}/visits", 1)

    def chunks(self, app: str, path: str, sent: int, lost: int) -> None:
        """Count what SCTP has sent to a visitor, and what of it was found lost."""
        self._count(f"{app}/{path}/chunks", sent)
        self._count(f"{app}/{path}/lost", lost)

    def responded(self, app: str, began_s: float, status: int) -> None:
        """The same of one that has just come. began_s: when the request did, on the clock of
        `time.monotonic`."""
        self.response(app, status, time.monotonic() - began_s)

    def response(self, app: str, status: int, wait_s: float) -> None:
        """Count the head of a response of the app. wait_s: since the request."""
        by_status, by_wait, wait = _names(app, status // 100, bisect_left(WAIT_S, wait_s))
        counts = self._counts
        counts[by_status] += 1
        counts[by_wait] += 1
        if us := int(wait_s * 1_000_000):
            counts[wait] += us

    @property
    def day_is_used_up(self) -> bool:
        return 0 < self._per_day <= self._today()

    def counts(self) -> dict[str, int]:
        """All that are not 0, by name."""
        return dict(self._counts)

    def _count(self, name: str, count: int) -> None:
        if count > 0:
            self._counts[name] += count

    def _today(self) -> int:
        day = int(self._wall_s() // DAY_S)
        if day != self._day:
            self._day, self._relayed_today = day, 0
        return self._relayed_today


@lru_cache(maxsize=4096)
def _names(app: str, hundreds: int, bucket: int) -> tuple[str, str, str]:
    """Under which a response of an app is counted."""
    return f"{app}/responses/{hundreds}xx", f"{app}/waits/{bucket}", f"{app}/waits/us"


def parts(name: str) -> tuple[str, str, str]:
    """App, kind and what is counted, of the name of a count."""
    app, kind, what = name.rsplit("/", 2)
    return app, kind, what


def by_app(counts: Mapping[str, int]) -> dict[str, dict[str, dict[str, int]]]:
    """The bytes as `status` has them: app, path, direction."""
    nested: dict[str, dict[str, dict[str, int]]] = {}
    for name, count in counts.items():
        app, path, direction = parts(name)
        if path in PATHS and direction in DIRECTIONS:
            nested.setdefault(app, no_traffic())[path][direction] = count
    return nested


def no_traffic() -> dict[str, dict[str, int]]:
    """As `by_app` has it of an app that nobody has visited."""
    return {path: dict.fromkeys(DIRECTIONS, 0) for path in PATHS}
