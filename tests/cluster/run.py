"""A run: faults, after each of which everything must be back, and what must always hold."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.cluster.boxes import Box
from tests.cluster.faults import FAULTS
from tests.cluster.network import MIDDLE, NodePlace
from tests.cluster.owners import Owners
from tests.cluster.relays import Relays
from tests.cluster.rows import Measured, Row
from tests.cluster.scene import Scene, scene
from tests.cluster.visits import Visits
from tests.support.postgresql import postgresql
from tests.support.watched_redis import watched_redis

BOXES = 50
# So many more come with the same invitation, at the same time.
TOO_MANY = 5
# So many come for the first time while something is done, one each time.
NEWCOMERS = 60
VISITS_PER_S = 20.0
# How long everything may take to be back. Agents wait for up to 15 s between two tries, and whoever
# looks for a lost box waits until it is known.
BACK_S = 45.0
LEAST_S, MOST_S = 3.0, 10.0


@dataclass
class Figures:
    """wrong: what must not happen; empty if all is well. rows: what each fault led to.

    registered: boxes in the store at the end. relays_asked: allocations that were tried.
    entries_looked_at: for who owns a box.
    """

    seed: int
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    longest_wait_s: float = 0.0
    registered: int = 0
    relays_asked: int = 0
    entries_looked_at: int = 0
    wrong: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """As they are printed."""
        return asdict(self)


async def run(
    folder: Path, places: list[NodePlace], *, seconds: float, seed: int, only: list[str]
) -> Figures:
    """Faults for so long, each at least once if there is time, and what they led to.

    only: some of them; empty: all.
    """
    with postgresql() as pg, watched_redis(MIDDLE) as rd:
        async with scene(folder, pg, rd, places) as made:
            return await _Run(
                made, seed, await made.invite(BOXES), await made.invite(NEWCOMERS)
            ).run(seconds, only or sorted(FAULTS))


class _Run:
    def __init__(self, made: Scene, seed: int, invite: str, invite_newcomers: str) -> None:
        self._made = made
        self._figures = Figures(seed)
        self._chance = random.Random(seed)
        self._candidates = [Box(number, invite) for number in range(BOXES + TOO_MANY)]
        self._boxes: list[Box] = []  # those that were let in
        self._newcomers = iter(
            [Box(BOXES + TOO_MANY + n, invite_newcomers) for n in range(NEWCOMERS)]
        )
        self._visits = Visits(self._boxes, seed)
        self._relays = Relays(self._visits)
        self._owners = Owners(made, self._boxes, self._visits)
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, seconds: float, faults: list[str]) -> Figures:
        figures, began = self._figures, time.monotonic()
        try:
            self._tasks = [asyncio.create_task(box.run(self._made)) for box in self._candidates]
            await _until(lambda: sum(box.online for box in self._candidates) >= BOXES, BACK_S)
            self._boxes += [box for box in self._candidates if box.online]
            work = (self._visits.run(VISITS_PER_S), self._relays.run(), self._owners.run())
            self._tasks += [asyncio.create_task(one) for one in work]
            for fault in _order(faults, self._chance):
                if time.monotonic() - began > seconds:
                    break
                await asyncio.sleep(self._chance.uniform(LEAST_S, MOST_S))
                figures.rows.append(await self._row(fault))
                self._raise_failures()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        figures.seconds = round(time.monotonic() - began, 1)
        self._sum_up()
        return figures

    async def _row(self, fault: str) -> Row:
        """Do it, beside a box that comes for the first time, and wait until all is back."""
        row, began = Row(fault), time.monotonic()
        measured = Measured(self._visits, self._relays, began)
        if (newcomer := next(self._newcomers, None)) is not None:
            self._boxes.append(newcomer)
            self._tasks.append(asyncio.create_task(newcomer.run(self._made)))
        await FAULTS[fault](self._made, self._chance)
        row.lasted_s = round(time.monotonic() - began, 1)
        row.back_s = await self._back(fault)
        measured.fill(row)
        return row

    async def _back(self, fault: str) -> float:
        """How long it takes until every box is online, visited and at one node, and relays lend."""
        began, step = time.monotonic(), "boxes"
        try:
            async with asyncio.timeout(2 * BACK_S):
                await _until(lambda: all(box.online for box in self._boxes), 2 * BACK_S)
                step = "visits"
                await self._visits.served()
                step = "relays"
                await self._relays.served()
                step = "owners"
                await self._owners.settled()
        except TimeoutError:
            pass
        passed_s = time.monotonic() - began
        if passed_s > BACK_S:
            online = sum(box.online for box in self._boxes)
            why = await self._owners.why_not()
            self._figures.wrong.append(
                f"{fault}: back only after {passed_s:.1f} s, {online} boxes online, {step}; {why}"
            )
        return round(passed_s, 1)

    def _raise_failures(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _sum_up(self) -> None:
        figures, visits = self._figures, self._visits
        figures.codes = dict(visits.codes)
        figures.longest_wait_s = round(max((waited for _, waited in visits.waits_s), default=0), 1)
        figures.relays_asked, figures.entries_looked_at = self._relays.asked, self._owners.looks
        everybody = self._boxes + [box for box in self._candidates if box not in self._boxes]
        figures.wrong += visits.wrong + self._owners.wrong
        figures.wrong += [text for box in everybody for text in box.wrong]
        aliases = Counter(box.alias for box in everybody if box.alias)
        figures.wrong += [f"{alias} was given {n} times" for alias, n in aliases.items() if n > 1]
        figures.registered = _look_into_store(self._made.store, aliases, figures.wrong)


def _order(faults: list[str], chance: random.Random) -> Iterator[str]:
    """Every fault once in each turn, so that a short run has all."""
    while True:
        names = sorted(faults)
        chance.shuffle(names)
        yield from names


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.1)


def _look_into_store(store: str, aliases: Counter[str], wrong: list[str]) -> int:
    """How many boxes it has. aliases: that boxes were given."""
    with contextlib.closing(psycopg.connect(store)) as db:
        rows = [alias for (alias,) in db.execute("SELECT alias FROM boxes")]
        used = db.execute("SELECT used, uses FROM invitations").fetchall()
        (redeemed,) = db.execute("SELECT count(*) FROM redemptions").fetchone() or (0,)
    if len(rows) != len(set(rows)) or redeemed > len(aliases) or any(u > most for u, most in used):
        wrong.append(f"{len(rows)} boxes, {len(set(rows))} aliases, {redeemed} used, {used}")
    wrong += [f"{alias} was given, and is not in the store" for alias in aliases.keys() - set(rows)]
    wrong += [
        f"{alias} is in the store, and was given nobody" for alias in set(rows) - aliases.keys()
    ]
    return len(rows)
