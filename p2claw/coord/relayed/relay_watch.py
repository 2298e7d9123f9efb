"""Knows which boxes have used up what may be relayed for them, and ends what they have open."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from p2claw.coord.relayed.ledger import Budget, Ledger, LedgerError, Now, Usage
from p2claw.coord.relayed.relay_cli import RelayCliError, end_allocations
from p2claw.log import get_log

log = get_log("coordinator")

LOOK_S = 2.0
_READ, _LEDGER = "relay log not read", "relay ledger not read"


@dataclass(frozen=True, slots=True)
class RelayedFacts:
    """What is known of all relays. bytes, allocations: by realm, which a log does not tell.

    is_counted: it is read and written down just now. over_budget: boxes. ended: allocations.
    """

    bytes: Mapping[str, int]
    allocations: Mapping[str, int]
    is_counted: bool
    over_budget: int
    ended: int


class Source(Protocol):
    """Where it is learnt from what was relayed."""

    @property
    def is_there(self) -> bool:
        """Whether it can be read just now."""
        ...

    async def read(self, now: Now) -> None:
        """Count what is new. Raises OSError, LedgerError."""
        ...

    def moved(self) -> Mapping[str, int]:
        """Bytes since the start, by realm."""
        ...

    def open(self) -> Mapping[str, int]:
        """Allocations that there are, by realm."""
        ...

    async def run(self) -> None:
        """Run until cancelled, or return at once."""
        ...


class RelayWatch:
    """source, ledger: the ledger is closed by `close`. clis: host, port and password of the command
    lines of the relays.

    used_up: the key aliases of boxes that get no relay until the month or the day ends.
    """

    def __init__(
        self,
        source: Source,
        ledger: Ledger,
        *,
        clis: tuple[tuple[str, int, str], ...] = (),
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.used_up: frozenset[str] = frozenset()
        self.on_changed: Callable[[frozenset[str]], None] = lambda boxes: None
        """Called with the boxes for which more was relayed, or may be, than at the look before."""
        self.ended: Counter[str] = Counter()
        """Allocations that were ended, by host and port of the command line."""
        self._source = source
        self._ledger = ledger
        self._clis = clis
        self._wall_s = wall_s
        self._budgets: dict[str, Budget] = {}
        self._usage: dict[str, Usage] = {}
        self._failing: set[str] = set()

    def of(self, box: str) -> tuple[Usage, Budget]:
        """What was relayed for a box, and how much may be, as of the last look."""
        return self._usage.get(box, Usage()), self._budgets.get(box, Budget())

    def facts(self) -> RelayedFacts:
        """For figures."""
        return RelayedFacts(
            bytes=self._source.moved(),
            allocations=self._source.open(),
            is_counted=self._source.is_there and not self._failing & {_READ, _LEDGER},
            over_budget=len(self.used_up),
            ended=sum(self.ended.values()),
        )

    async def set_budget(self, box: str, budget: Budget) -> None:
        """Limit a box from now on. Raises LedgerError."""
        await self._ledger.set_budget(box, budget)
        await self._refresh(self._now())

    async def run(self) -> None:
        """Look again and again, for ever. What goes wrong is logged once, and tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._source.run())
            group.create_task(self._look_again())

    async def look(self) -> None:
        """Count what is new, and decide who has used up what it may."""
        now = self._now()
        try:
            await self._source.read(now)
        except (OSError, LedgerError) as error:
            self._failed(_READ, error)
        else:
            self._failing.discard(_READ)
        before = self._usage
        try:
            await self._refresh(now)
        except LedgerError as error:
            self._failed(_LEDGER, error)
            return
        self._failing.discard(_LEDGER)
        # Of those that have moved nothing since, nothing has to be ended.
        moving = frozenset(b for b in self.used_up if before.get(b) != self._usage.get(b))
        if moving:
            await asyncio.gather(*(self._end(*cli, moving) for cli in self._clis))

    async def close(self) -> None:
        await self._ledger.close()

    async def _look_again(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    def _now(self) -> Now:
        now_s = self._wall_s()
        day = datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%d")
        return Now(day[:7], day, int(now_s))

    async def _refresh(self, now: Now) -> None:
        before = self._usage, self._budgets
        self._budgets = await self._ledger.budgets()
        self._usage = await self._ledger.usage(now)
        changed = _changed(before[0], self._usage) | _changed(before[1], self._budgets)
        used_up = frozenset(
            box
            for box, budget in self._budgets.items()
            if self._usage.get(box, Usage()).is_used_up(budget)
        )
        for box in used_up - self.used_up:
            usage = self._usage.get(box, Usage())
            log.info("relay used up", box=box, month=usage.month_bytes, day=usage.day_bytes)
        for box in self.used_up - used_up:
            log.info("box may be relayed again", box=box)
        self.used_up = used_up
        if changed:
            self.on_changed(changed)

    async def _end(self, host: str, port: int, password: str, boxes: frozenset[str]) -> None:
        where = f"{host}:{port}"
        try:
            ended = await end_allocations(host, port, password, boxes)
        except RelayCliError as error:
            self._failed(where, error)
            return
        self._failing.discard(where)
        if ended:
            self.ended[where] += ended
            log.info("allocations ended", relay=where, allocations=ended)

    def _failed(self, what: str, error: Exception) -> None:
        if what not in self._failing:
            self._failing.add(what)
            log.error("relay not watched", what=what, error=str(error))


def _changed(before: Mapping[str, object], now: Mapping[str, object]) -> frozenset[str]:
    """Whose value is another one, or is there on one side alone."""
    return frozenset(box for box in before.keys() | now.keys() if before.get(box) != now.get(box))
