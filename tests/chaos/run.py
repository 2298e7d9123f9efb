"""A run of chaos: rounds of faults, and after each everything must be back. Its figures."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from p2claw.errors import P2clawError
from tests.chaos.addresses import addresses
from tests.chaos.crowd import Crowd
from tests.chaos.faults import CLOCK_FAULTS, FAULTS, MEMORY_FAULTS, Fault
from tests.chaos.scene import Scene, scene

VISITORS = 20
# Of one round, and how long everything may take to be back after its last fault, beside what a
# visit takes on this machine without any.
ROUND_S = 40.0
BACK_S = 15.0
# Between two tries, each of four visitors of one address: 240 per minute, of 300 that it may.
AGAIN_S = 1.0
# Between two faults.
LEAST_S, MOST_S = 0.5, 4.0
# What an idle box may have more than at first, once its links are over.
SETTLE_S = 75.0
MORE_DESCRIPTORS = 16
MORE_MB = 96

DOCS = Path(__file__).parents[2] / "docs"


@dataclass
class Figures:
    """What a run was like. wrong: what must not happen; empty if all is well.

    back_s, last_fault: of each round, how long everything took to be back, and after what.
    """

    seed: int
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    completed: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    usual_s: float = 0.0
    back_s: list[float] = field(default_factory=list)
    last_fault: list[str] = field(default_factory=list)
    descriptors: tuple[int, int] = (0, 0)
    resident_mb: tuple[int, int] = (0, 0)
    wrong: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """As they are printed."""
        return {
            name: dict(value) if isinstance(value, Counter) else value
            for name, value in ((each.name, getattr(self, each.name)) for each in fields(self))
        }


async def run(
    folder: Path, *, seconds: float, seed: int, clocks: bool = False, memory: bool = False
) -> Figures:
    """Rounds of faults for so long, each at least one, and what they led to.

    clocks: whether those of agent and server are set, too. memory: whether it runs out.
    """
    figures = Figures(seed)
    faults = {**FAULTS, **(CLOCK_FAULTS if clocks else {}), **(MEMORY_FAULTS if memory else {})}
    with addresses():
        await _run(folder, figures, faults, seconds, clocks=clocks)
    return figures


async def _run(
    folder: Path, figures: Figures, faults: dict[str, Fault], seconds: float, *, clocks: bool
) -> None:
    chance = random.Random(figures.seed)
    begun = time.monotonic()
    async with scene(folder, clocks=clocks) as made:
        crowd = Crowd(made, VISITORS, figures.seed)
        figures.completed, figures.failures = crowd.completed, crowd.failures
        figures.wrong = crowd.wrong
        started = time.monotonic()
        await crowd.served()
        figures.usual_s = round(time.monotonic() - started, 1)
        before = await _box_uses(made)
        crowd.start()
        try:
            while True:
                left_s = seconds - (time.monotonic() - begun)
                done = await _round(made, chance, faults, min(ROUND_S, left_s))
                figures.faults.update(done)
                figures.last_fault.append(done[-1])
                figures.back_s.append(await _back(crowd, figures, done))
                if time.monotonic() - begun + BACK_S > seconds:
                    break
        finally:
            await crowd.end()
        await _settled(made, before, figures)
    figures.seconds = round(time.monotonic() - begun, 1)
    documented = _documented()
    figures.wrong += [
        f"the code {code} is in no document"
        for code in figures.failures
        if code.partition("/")[0] not in documented
    ]


async def _round(
    made: Scene, chance: random.Random, faults: dict[str, Fault], seconds: float
) -> list[str]:
    """The names of what was done, in order."""
    deadline = time.monotonic() + seconds
    done: list[str] = []
    while True:
        done.append(chance.choice(sorted(faults)))
        await faults[done[-1]](made, chance)
        if time.monotonic() > deadline:
            return done
        await asyncio.sleep(chance.uniform(LEAST_S, MOST_S))


async def _back(crowd: Crowd, figures: Figures, done: list[str]) -> float:
    """How long it takes until new visitors of every kind are served, one after the other."""
    begun = time.monotonic()
    served, failed = False, "slow"
    while not served and time.monotonic() - begun < 2 * BACK_S:
        await asyncio.sleep(AGAIN_S)
        try:
            async with asyncio.timeout(2 * BACK_S):
                await crowd.served()
            served = True
        except* (P2clawError, TimeoutError) as group:
            failed = str(group.exceptions[0]) or "timeout"
    passed_s = time.monotonic() - begun
    if passed_s > BACK_S + figures.usual_s:
        after = ", ".join(done[-3:])
        figures.wrong.append(f"back only after {passed_s:.1f} s, after {after}: {failed}")
    return round(passed_s, 1)


async def _settled(made: Scene, before: tuple[int, int], figures: Figures) -> None:
    """Wait until a box without visitors uses what it used at first, or does not."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        after = await _box_uses(made)
        more = after[0] - before[0]
        if more <= MORE_DESCRIPTORS or time.monotonic() > deadline:
            break
        await asyncio.sleep(1)
    figures.descriptors = before[0], after[0]
    figures.resident_mb = before[1], after[1]
    if more > MORE_DESCRIPTORS:
        figures.wrong.append(f"{more} descriptors more than at first")
    if after[1] - before[1] > MORE_MB:
        figures.wrong.append(f"{after[1] - before[1]} MB more than at first")


async def _box_uses(made: Scene) -> tuple[int, int]:
    """Descriptors and resident megabytes of agent, workers and server together."""
    pids = [made.stack.server_pid, made.stack.agent_pid, *await made.workers()]
    descriptors = resident = 0
    for pid in dict.fromkeys(pids):
        descriptors += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        resident += pages * os.sysconf("SC_PAGE_SIZE")
    return descriptors, resident // 1_000_000


def _documented() -> set[str]:
    """Every word that stands in backquotes in the documents of codes."""
    text = "".join((DOCS / name).read_text() for name in ("OPERATIONS.md", "WIRE.md"))
    return set(re.findall(r"`([a-z][a-z0-9-]+)`", text))
