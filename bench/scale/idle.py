"""idle: what a thousand visitors who do nothing cost the agent, in memory and in processor."""

from __future__ import annotations

import asyncio
import time

from bench.report import Report, spread
from bench.scale.plan import Plan
from bench.scale.scene import Scene, scene

VISITORS = 1_000
SECONDS = 30.0
CROWDS = 4
# The first links load code and fill caches that no later one pays for.
WARM_UP = 20
SETTLE_S = 15


async def run(report: Report, plan: Plan) -> None:
    """Each run has an agent of its own: what earlier links left behind is not counted."""
    done = []
    for number in range(plan.runs):
        report.progress("idle", number, plan.runs, f"{plan.visitors} visitors")
        async with scene({"small": bytes(1_000)}, crowds=CROWDS, plane=plan.plane) as where:
            done.append(await _once(where, plan))
        report.line(bench="scale", case="idle", plane=plan.plane, run=number, **done[-1])
    report.line(
        summary=True,
        bench="scale",
        case="idle",
        plane=plan.plane,
        visitors=plan.visitors,
        runs=plan.runs,
        pss_kb_each=spread([run["pss_kb_each"] for run in done]),
        uss_kb_each=spread([run["uss_kb_each"] for run in done]),
        agent_cpu_percent=spread([run["agent_cpu_percent"] for run in done]),
    )


async def _once(where: Scene, plan: Plan) -> dict[str, float]:
    await where.open(WARM_UP)
    await where.get("/small")
    await where.close()
    await asyncio.sleep(1)
    before, visitors = where.agent(), plan.visitors
    started_s = time.monotonic()
    await where.open(visitors)
    opened = where.agent()
    open_s = time.monotonic() - started_s
    await where.get("/small")
    await asyncio.sleep(SETTLE_S)
    settled = where.clocks()
    await asyncio.sleep(plan.seconds)
    used = where.clocks().percent_since(settled, plan.seconds)
    after = where.agent()
    # Only links that still respond count as idle ones.
    await where.get("/small")
    return {
        "visitors": visitors,
        "pss_kb_each": round((after.pss_kb - before.pss_kb) / visitors, 1),
        "uss_kb_each": round((after.uss_kb - before.uss_kb) / visitors, 1),
        "agent_uss_kb_before": before.uss_kb,
        "descriptors_each": round((after.descriptors - before.descriptors) / visitors, 2),
        **used,
        "open_cpu_ms_each": round(1000 * (opened.cpu_s - before.cpu_s) / visitors, 2),
        "open_s": round(open_s, 2),
    }
