"""Follows the log of coturn, and knows which boxes have used up what may be relayed for them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from p2claw.coord.relayed.lines import usage_in
from p2claw.coord.relayed.relay_file import Place, RelayFile
from p2claw.log import get_log
from p2claw.units import MIB

log = get_log("coordinator")

LOOK_S = 2.0
READ_BYTES = 4 * MIB


class RelayWatch:
    """path: the log of coturn. file: where counts are kept; closed by `close`.

    used_up: the key aliases of boxes that get no relay until the month ends.
    """

    def __init__(
        self, path: Path, file: RelayFile, *, wall_s: Callable[[], float] = time.time
    ) -> None:
        self.used_up: frozenset[str] = frozenset()
        self._path = path
        self._file = file
        self._wall_s = wall_s
        self._lock = asyncio.Lock()
        self._limits = file.limits()
        self._month = ""
        self._moved: Counter[str] = Counter()
        self._is_failing = False

    def of(self, box: str) -> tuple[int, int | None]:
        """What was relayed for a box this month, and how much may be; None: any number."""
        return self._moved[box], self._limits.get(box)

    async def limit(self, box: str, most_bytes: int | None) -> None:
        """Limit a box from now on; None: no more. Raises sqlite3.Error."""
        async with self._lock:
            await asyncio.to_thread(self._file.limit, box, most_bytes)
            self._limits = await asyncio.to_thread(self._file.limits)
        self._decide()

    async def run(self) -> None:
        """Look again and again, for ever. What goes wrong is logged once, and tried again."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Count what coturn has written since the last look."""
        async with self._lock:
            try:
                while await asyncio.to_thread(self._read):
                    pass
            except (OSError, sqlite3.Error) as error:
                if not self._is_failing:
                    log.error("relay log not read", path=str(self._path), error=str(error))
                self._is_failing = True
            else:
                self._is_failing = False
        self._decide()

    async def close(self) -> None:
        async with self._lock:
            await asyncio.to_thread(self._file.close)

    def _read(self) -> bool:
        """Read whole lines and count them; whether there may be more. In a thread."""
        month = datetime.fromtimestamp(self._wall_s(), UTC).strftime("%Y-%m")
        if month != self._month:
            self._month, self._moved = month, Counter(self._file.month(month))
        place = self._file.place()
        with self._path.open("rb") as opened:
            facts = os.fstat(opened.fileno())
            # Another file, or one that was emptied, is read from its beginning.
            same = place is not None and place.inode == facts.st_ino
            begin = place.offset if place is not None and same else 0
            begin = begin if begin <= facts.st_size else 0
            opened.seek(begin)
            content = opened.read(READ_BYTES)
        lines, line_end, _ = content.rpartition(b"\n")
        moved = usage_in(lines)
        read = len(lines) + len(line_end)
        if not line_end and len(content) == READ_BYTES:
            read = len(content)  # no line of coturn's is so long
        if read or place is None or not same:
            self._file.add(month, moved, Place(facts.st_ino, begin + read))
            self._moved.update(moved)
        return read > 0 and len(content) == READ_BYTES

    def _decide(self) -> None:
        used_up = frozenset(
            box for box, most_bytes in self._limits.items() if self._moved[box] >= most_bytes
        )
        for box in used_up - self.used_up:
            log.info("relay used up", box=box, limit=self._limits[box], bytes=self._moved[box])
        for box in self.used_up - used_up:
            log.info("box may be relayed again", box=box)
        self.used_up = used_up
