"""A run: faults, after each of which everything must be back, and what must always hold."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.cluster.boxes import Box
from tests.cluster.faults import FAULTS
from tests.cluster.scene import Scene, scene
from tests.cluster.visits import Visits
from tests.support.postgresql import postgresql
from tests.support.redis_server import redis_server

BOXES = 50
# So many more come with a used-up invitation, all the time.
TOO_MANY = 5
VISITS_PER_S = 20.0
# How long everything may take to be back. Agents wait for up to 15 s between two tries, and whoever
# looks for a lost box waits until it is known.
BACK_S = 45.0
LEAST_S, MOST_S = 3.0, 10.0


@dataclass
class Figures:
    """wrong: what must not happen; empty if all is well. rows: fault, its seconds, and how many
    seconds after its end everything was back.
    """

    seed: int
    seconds: float = 0.0
    rows: list[tuple[str, float, float]] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    longest_wait_s: float = 0.0
    registered: int = 0
    wrong: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """As they are printed."""
        return asdict(self)


async def run(folder: Path, *, seconds: float, seed: int) -> Figures:
    """Faults for so long, each at least once if there is time, and what they led to."""
    with postgresql() as pg, redis_server() as rd:
        async with scene(folder, pg, rd) as made:
            return await _run(made, seconds, seed)


async def _run(made: Scene, seconds: float, seed: int) -> Figures:
    figures, chance = Figures(seed), random.Random(seed)
    invite = await made.invite(BOXES)
    boxes = [Box(number, invite) for number in range(BOXES + TOO_MANY)]
    began = time.monotonic()
    visits = Visits(made, boxes, seed)
    tasks = [asyncio.create_task(box.run(made)) for box in boxes]
    try:
        await _until(lambda: sum(box.online for box in boxes) >= BOXES, BACK_S)
        tasks.append(asyncio.create_task(visits.run(VISITS_PER_S)))
        for fault in _order(chance):
            if time.monotonic() - began > seconds:
                break
            await asyncio.sleep(chance.uniform(LEAST_S, MOST_S))
            started = time.monotonic()
            await FAULTS[fault](made, chance)
            took_s = time.monotonic() - started
            figures.rows.append(
                (fault, round(took_s, 1), await _back(visits, boxes, fault, figures))
            )
        for task in tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    figures.seconds = round(time.monotonic() - began, 1)
    figures.codes = dict(visits.codes)
    figures.longest_wait_s = round(max(visits.waits_s, default=0.0), 1)
    figures.wrong += visits.wrong + [text for box in boxes for text in box.wrong]
    _look_into_store(made, boxes, figures)
    return figures


def _order(chance: random.Random) -> Any:
    """Every fault once in each turn, so that a short run has all."""
    while True:
        names = sorted(FAULTS)
        chance.shuffle(names)
        yield from names


async def _back(visits: Visits, boxes: list[Box], fault: str, figures: Figures) -> float:
    """How long it takes until every box is online and visited."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(2 * BACK_S):
            while sum(box.online for box in boxes) < BOXES:  # noqa: ASYNC110 - they have no event
                await asyncio.sleep(0.1)
            await visits.served()
    except TimeoutError:
        pass
    passed_s = time.monotonic() - began
    if passed_s > BACK_S:
        online = sum(box.online for box in boxes)
        figures.wrong.append(f"{fault}: back only after {passed_s:.1f} s, {online} boxes online")
    return round(passed_s, 1)


async def _until(condition: Any, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.1)


def _look_into_store(made: Scene, boxes: list[Box], figures: Figures) -> None:
    aliases = Counter(box.alias for box in boxes if box.alias)
    figures.wrong += [f"{alias} was given {n} times" for alias, n in aliases.items() if n > 1]
    with contextlib.closing(psycopg.connect(made.store)) as db:
        row = db.execute("SELECT count(*), count(DISTINCT alias) FROM boxes").fetchone()
        used = db.execute("SELECT used, uses FROM invitations").fetchall()
        redeemed = db.execute("SELECT count(*) FROM redemptions").fetchone()
    assert row is not None and redeemed is not None
    figures.registered = row[0]
    if (
        row[0] != row[1]
        or row[0] > BOXES
        or redeemed[0] > BOXES
        or any(u > most for u, most in used)
    ):
        figures.wrong.append(f"{row[0]} boxes, {row[1]} aliases, {redeemed[0]} used, {used}")
