"""Counts what goes straight to visitors and what goes through a relay, and limits the latter.

Of each link by `RelayMeter`, of all links of a process by `Traffic`. Bytes are those of whole
messages, before encryption, as the session counts them.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from p2claw.agent.access.pages import LinkView
from p2claw.agent.request_faults import RelayLimitFault
from p2claw.log import get_log
from p2claw.units import DAY_S

log = get_log("agent")

RELAYED = "relayed"
DIRECT = "direct"

_DIRECTIONS = ("in", "out")


class Traffic:
    """The bytes of all links of one process since it started, by app and by path.

    per_visit, per_day: how many may be relayed; 0: any number. A day is one of UTC.
    """

    def __init__(
        self, per_visit: int = 0, per_day: int = 0, *, wall_s: Callable[[], float] = time.time
    ) -> None:
        self.per_visit = per_visit
        self._per_day = per_day
        self._wall_s = wall_s
        self._bytes: Counter[str] = Counter()
        self._day = 0
        self._relayed_today = 0

    def add(self, app: str, path: str, grown: tuple[int, int]) -> None:
        """Count more bytes of a link, in and out."""
        for direction, count in zip(_DIRECTIONS, grown, strict=True):
            if count:
                self._bytes[f"{app}/{path}/{direction}"] += count
        if path == RELAYED:
            self._relayed_today = self._today() + sum(grown)

    @property
    def day_is_used_up(self) -> bool:
        return 0 < self._per_day <= self._today()

    def counts(self) -> dict[str, int]:
        """All that are not 0, by `app/path/direction`."""
        return dict(self._bytes)

    def _today(self) -> int:
        day = int(self._wall_s() // DAY_S)
        if day != self._day:
            self._day, self._relayed_today = day, 0
        return self._relayed_today


def by_app(counts: Mapping[str, int]) -> dict[str, dict[str, dict[str, int]]]:
    """The same as `status` has them: app, path, direction."""
    nested: dict[str, dict[str, dict[str, int]]] = {}
    for name, count in counts.items():
        app, path, direction = name.rsplit("/", 2)
        of_app = nested.setdefault(app, no_traffic())
        of_app[path][direction] = count
    return nested


def no_traffic() -> dict[str, dict[str, int]]:
    """As `by_app` has it of an app that nobody has visited."""
    return {path: dict.fromkeys(_DIRECTIONS, 0) for path in (DIRECT, RELAYED)}


class RelayMeter:
    """The bytes of one link, which may change its path, and whether it may relay more.

    A visit is a link, and what carries its session on. id: of the link, for the log. look: how the
    link is now, for its visitor.
    """

    def __init__(
        self, traffic: Traffic, id: str = "", look: Callable[[], LinkView] = LinkView
    ) -> None:
        self.look = look
        self._traffic = traffic
        self._id = id
        self._path = ""  # until the first note
        self._seen = (0, 0)
        self._relayed = (0, 0)
        self._under_way: set[asyncio.Timeout] = set()
        self._is_logged = False

    @property
    def relayed(self) -> tuple[int, int]:
        """What has gone through a relay until the latest `note`, in and out."""
        return self._relayed

    def note(self, app: str, path: str, bytes_in: int, bytes_out: int) -> None:
        """Count what the session has moved since the last time: it went by the path of that time.

        path: from now on. Call it whenever the path changes, and now and then. What is queued at a
        change counts for the old path.
        """
        grown = bytes_in - self._seen[0], bytes_out - self._seen[1]
        self._seen = bytes_in, bytes_out
        now = RELAYED if path == RELAYED else DIRECT
        self._path = self._path or now
        self._traffic.add(app, self._path, grown)
        if self._path == RELAYED:
            self._relayed = self._relayed[0] + grown[0], self._relayed[1] + grown[1]
        self._path = now
        if self._limit():
            self._log(app)
            for scope in self._under_way:
                if not scope.expired():
                    scope.reschedule(0)

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[None]:
        """End the block when a limit of relayed bytes is reached, and do not begin it if one is.

        Raises RelayLimitFault. On a direct path it never does.
        """
        if limit := self._limit():
            raise RelayLimitFault(f"the limit of relayed bytes per {limit} is reached")
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._under_way.add(scope)
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            raise RelayLimitFault("a limit of relayed bytes is reached") from None
        finally:
            self._under_way.discard(scope)

    def _limit(self) -> str:
        """Which limit holds this link, as long as its path is relayed; "": none."""
        if self._path != RELAYED:
            return ""
        if 0 < self._traffic.per_visit <= sum(self._relayed):
            return "visit"
        return "day" if self._traffic.day_is_used_up else ""

    def _log(self, app: str) -> None:
        if not self._is_logged:
            self._is_logged = True
            log.info(
                "relay limit reached",
                session=self._id,
                app=app,
                limit=self._limit(),
                relayed=sum(self._relayed),
            )
