"""leaving: a crowd that comes, asks for one page each and goes, again and again: what it leaves.

What the first crowd leaves and no later one adds to is kept for the next; what every one adds is
lost.
"""

from __future__ import annotations

import asyncio

from bench.report import Report
from bench.scale.plan import Plan
from bench.scale.scene import Scene, scene

VISITORS = 100
SECONDS = 15.0
CROWDS = 2
ROUNDS = 4
PAGE_BYTES = 50_000


async def run(report: Report, plan: Plan) -> None:
    """seconds: from the end of a crowd to the measurement of what it left."""
    for number in range(plan.runs):
        async with scene({"page": bytes(PAGE_BYTES)}, crowds=CROWDS, plane=plan.plane) as where:
            left = await _rounds(report, where, plan, number)
        report.line(
            summary=True,
            bench="scale",
            case="leaving",
            plane=plan.plane,
            visitors=plan.visitors,
            run=number,
            grown_kb=left[0][1] - left[0][0],
            left_kb=left[0][2] - left[0][0],
            left_more_kb=left[-1][2] - left[0][2],
            rounds=ROUNDS,
        )


async def _rounds(
    report: Report, where: Scene, plan: Plan, number: int
) -> list[tuple[int, int, int]]:
    """Private memory in KB before, with and after each crowd."""
    # The first links load code that no later one loads again.
    await where.open(len(where.crowds))
    await where.get("/page")
    await where.close()
    await asyncio.sleep(plan.seconds)
    done = []
    for round in range(ROUNDS):
        before = where.agent().uss_kb
        await where.open(plan.visitors)
        await where.get("/page")
        most = where.agent().uss_kb
        await where.close()
        await asyncio.sleep(plan.seconds)
        done.append((before, most, where.agent().uss_kb))
        facts = dict(zip(("uss_kb_before", "uss_kb_most", "uss_kb_after"), done[-1], strict=True))
        report.line(bench="scale", case="leaving", run=number, round=round, **facts)
    return done
