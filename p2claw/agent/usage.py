"""Counts what each app moves in each month, and closes those that have reached their limit.

The counts come from the visitors, and are written to `usage.db` by and by: an agent that is killed
has lost those of the last WRITE_S. A month is one of UTC.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from p2claw.agent.home.routes import Routes
from p2claw.agent.home.usage_file import Month, Moved, UsageFile
from p2claw.agent.visitors.traffic import DIRECTIONS, PATHS, RELAYED, parts
from p2claw.log import get_log

log = get_log("agent")

# What an app moves above its limit is at most what it moves in this time; of workers, which report
# by and by, in this and theirs.
LOOK_S = 1.0
WRITE_S = 10.0

Json = dict[str, Any]


class Usage:
    """The usage of the apps of one agent, by month.

    traffic: returns the counts of now, which only grow. closed: called with the apps that have used
    up their month, and until when, whenever that has changed; times are Unix seconds.
    """

    def __init__(
        self,
        path: Path,
        traffic: Callable[[], Mapping[str, int]],
        closed: Callable[[Mapping[str, float]], None],
        *,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._traffic = traffic
        self._closed = closed
        self._wall_s = wall_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="usage")
        self._file: UsageFile | None = None
        self._months: dict[str, Month] = {}  # as written
        self._new: dict[str, Month] = {}  # and what is not written yet
        self._seen: dict[str, int] = {}
        self._today, self._relayed_today = "", 0
        self._limits: dict[str, int] = {}
        self._until: dict[str, float] = {}
        self._writing: asyncio.Task[None] | None = None
        self._is_failing = False

    async def load(self) -> None:
        """Open the file, and read what it has. Raises UsageError."""
        loop = asyncio.get_running_loop()
        self._file = await loop.run_in_executor(self._thread, UsageFile, self._path)
        self._months = await loop.run_in_executor(self._thread, self._file.months)
        self._decide()

    async def run(self) -> None:
        """Look, and write, until it is cancelled."""
        written_s = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()
            if time.monotonic() - written_s >= WRITE_S:
                written_s = time.monotonic()
                await self.write()

    def look(self) -> None:
        """Count what was moved since the last look, for the month of now."""
        counts = self._traffic()
        month = self._new.setdefault(month_of(self._wall_s()), {})
        for name, count in counts.items():
            grown = count - self._seen.get(name, 0)
            if grown <= 0:
                continue
            app, path, what = parts(name)
            if path in PATHS and what in (*DIRECTIONS, "visits"):
                if path == RELAYED and what in DIRECTIONS:
                    self._relayed_today = self.relayed_today() + grown
                field = what if what == "visits" else f"{path}_{what}"
                month[app] = month.get(app, Moved()) + Moved(**{field: grown})
        self._seen = dict(counts)
        self._decide()

    async def write(self) -> None:
        """Write what is new. What cannot be written is tried again the next time."""
        # To the end, whoever is cancelled: what was written must not be written again.
        self._writing = asyncio.create_task(self._write())
        await asyncio.shield(self._writing)

    async def close(self) -> None:
        """Write the rest, and close the file."""
        if self._writing is not None:
            await self._writing
        self.look()
        await self.write()
        if self._file is not None:
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(self._thread, self._file.close)
            except sqlite3.Error as error:
                self._failed(error)
            self._file = None
        self._thread.shutdown(wait=False)

    def apply(self, routes: Routes) -> None:
        """The routes have changed, and with them perhaps limits."""
        self._limits = {app: one.monthly_bytes for app, one in routes.items() if one.monthly_bytes}
        self._decide()

    def relayed_today(self) -> int:
        """How many bytes relays have moved on this day of UTC, as of the last look; of a day on
        which the agent was started, since then.
        """
        today = datetime.fromtimestamp(self._wall_s(), UTC).strftime("%Y-%m-%d")
        if today != self._today:
            self._today, self._relayed_today = today, 0
        return self._relayed_today

    def of(self, app: str) -> Moved:
        """What an app has moved in the month of now."""
        return self._moved(month_of(self._wall_s()), app)

    def facts(self) -> Json:
        """All months that are kept, the newest first, as JSON has them."""
        now_s = self._wall_s()
        names = sorted({*self._months, *self._new}, reverse=True)
        return {
            "month": month_of(now_s),
            "ends_s": round(month_end_s(now_s) - now_s),
            "limits": dict(sorted(self._limits.items())),
            "used_up": sorted(self._until),
            "usage": [
                {"month": month, "app": app, **_described(self._moved(month, app))}
                for month in names
                for app in sorted({*self._months.get(month, ()), *self._new.get(month, ())})
            ],
        }

    async def _write(self) -> None:
        if self._file is None:
            return
        loop, own = asyncio.get_running_loop(), frozenset(self._limits)
        for month in [*self._new]:
            moved = dict(self._new[month])
            if not moved:
                continue
            try:
                await loop.run_in_executor(self._thread, self._file.add, month, moved, own)
            except sqlite3.Error as error:
                self._failed(error)
                return
            self._is_failing = False
            written = self._months.setdefault(month, {})
            for app, more in moved.items():
                written[app] = written.get(app, Moved()) + more
            self._new[month] = _less(self._new[month], moved)
        self._new = {month: moved for month, moved in self._new.items() if moved}

    def _failed(self, error: sqlite3.Error) -> None:
        if not self._is_failing:
            log.error("usage not written", error=str(error))
        self._is_failing = True

    def _moved(self, month: str, app: str) -> Moved:
        nothing = Moved()
        written = self._months.get(month, {}).get(app, nothing)
        return written + self._new.get(month, {}).get(app, nothing)

    def _decide(self) -> None:
        """Find out which apps are closed now."""
        now_s = self._wall_s()
        month, end_s = month_of(now_s), month_end_s(now_s)
        until = {
            app: end_s
            for app, limit in self._limits.items()
            if self._moved(month, app).bytes >= limit
        }
        if until == self._until:
            return
        for app in until.keys() - self._until.keys():
            moved = self._moved(month, app).bytes
            log.info("month used up", app=app, limit=self._limits[app], bytes=moved)
        for app in self._until.keys() - until.keys():
            log.info("app may move more", app=app)
        self._until = until
        self._closed(until)


def month_of(unix_s: float) -> str:
    """`2026-11`, of UTC."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m")


def month_end_s(unix_s: float) -> float:
    """When the next month begins."""
    now = datetime.fromtimestamp(unix_s, UTC)
    year, month = divmod(now.year * 12 + now.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC).timestamp()


def _less(month: Month, written: Month) -> Month:
    """What has been counted while it was written."""
    left = {}
    for app, moved in month.items():
        if moved != written.get(app):
            left[app] = _minus(moved, written.get(app, Moved()))
    return left


def _minus(one: Moved, other: Moved) -> Moved:
    return Moved(
        one.visits - other.visits,
        one.direct_in - other.direct_in,
        one.direct_out - other.direct_out,
        one.relayed_in - other.relayed_in,
        one.relayed_out - other.relayed_out,
    )


def _described(moved: Moved) -> Json:
    return {
        "visits": moved.visits,
        "bytes": moved.bytes,
        "direct": {"in": moved.direct_in, "out": moved.direct_out},
        "relayed": {"in": moved.relayed_in, "out": moved.relayed_out},
    }
