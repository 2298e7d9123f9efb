"""opening: a hundred visitors who come at once: until all are linked, beside an agent on aiortc.

Coordinator and visitors are the same for both, and the most of the time: the processor of the agent
says more than the clock.
"""

from __future__ import annotations

import time
from contextlib import AsyncExitStack

from bench.report import Report, ratios, spread
from bench.scale.plan import PLANES, Plan
from bench.scale.scene import Scene, scene

VISITORS = 100
SECONDS = 0.0
CROWDS = 2


async def run(report: Report, plan: Plan) -> None:
    """Of the plan's seconds and plane no use is made: all links are open when they are."""
    done: dict[str, list[dict[str, float]]] = {plane: [] for plane in PLANES}
    async with AsyncExitStack() as ends:
        scenes = {
            plane: await ends.enter_async_context(scene({}, crowds=CROWDS, plane=plane))
            for plane in PLANES
        }
        for where in scenes.values():
            await _once(where, plan.visitors)
        for number in range(plan.runs):
            for plane, where in scenes.items():
                report.progress("opening", number, plan.runs, plane)
                done[plane].append(await _once(where, plan.visitors))
                facts = {"plane": plane, "run": number, **done[plane][-1]}
                report.line(bench="scale", case="opening", **facts)
    ours, theirs = done["p2claw"], done["aiortc"]
    report.line(
        summary=True,
        bench="scale",
        case="opening",
        visitors=plan.visitors,
        runs=plan.runs,
        vs="aiortc",
        cpu_ratio=ratios(_cpu(theirs), _cpu(ours)),
        rate_ratio=ratios([r["open_s"] for r in theirs], [r["open_s"] for r in ours]),
        open_s=spread([r["open_s"] for r in ours]),
        agent_cpu_ms_each=spread(_cpu(ours)),
        vs_open_s=spread([r["open_s"] for r in theirs]),
        vs_agent_cpu_ms_each=spread(_cpu(theirs)),
    )


def _cpu(runs: list[dict[str, float]]) -> list[float]:
    return [run["agent_cpu_ms_each"] for run in runs]


async def _once(where: Scene, visitors: int) -> dict[str, float]:
    before = where.clocks()
    started_s = time.monotonic()
    await where.open(visitors, at_once=visitors)
    open_s = time.monotonic() - started_s
    after = where.clocks()
    await where.close()
    return {
        "open_s": round(open_s, 3),
        "agent_cpu_ms_each": round(1000 * (after.agent_s - before.agent_s) / visitors, 2),
        "crowds_cpu_ms_each": round(1000 * (after.crowds_s - before.crowds_s) / visitors, 2),
    }
