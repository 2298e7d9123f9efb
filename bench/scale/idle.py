"""idle: what a thousand visitors who do nothing cost the agent, in memory and in processor."""

from __future__ import annotations

import asyncio
import time

from bench.report import Report, spread
from bench.scale.scene import Scene, scene

VISITORS = 1_000
SECONDS = 30.0
CROWDS = 4
# The first links load code and fill caches that no later one pays for.
WARM_UP = 20
SETTLE_S = 15


async def run(
    report: Report,
    *,
    runs: int,
    megabytes: int = 0,
    visitors: int = VISITORS,
    seconds: float = SECONDS,
) -> None:
    """megabytes: of no use here."""
    done = []
    for number in range(runs):
        async with scene({"small": bytes(1_000)}, crowds=CROWDS) as where:
            done.append(await _once(where, visitors, seconds))
        report.line(bench="scale", case="idle", run=number, visitors=visitors, **done[-1])
    report.line(
        summary=True,
        bench="scale",
        case="idle",
        visitors=visitors,
        runs=runs,
        pss_kb_each=spread([run["pss_kb_each"] for run in done]),
        uss_kb_each=spread([run["uss_kb_each"] for run in done]),
        agent_cpu_percent=spread([run["agent_cpu_percent"] for run in done]),
    )


async def _once(where: Scene, visitors: int, seconds: float) -> dict[str, float]:
    await where.open(WARM_UP)
    await where.get("/small")
    await where.close()
    await asyncio.sleep(1)
    before = where.agent()
    started_s = time.monotonic()
    await where.open(visitors)
    opened = where.agent()
    opening_s = time.monotonic() - started_s
    await where.get("/small")
    await asyncio.sleep(SETTLE_S)
    settled = where.clocks()
    await asyncio.sleep(seconds)
    used = where.clocks().percent_since(settled, seconds)
    after = where.agent()
    # Only links that still answer count as idle ones.
    await where.get("/small")
    return {
        "pss_kb_each": round((after.pss_kb - before.pss_kb) / visitors, 1),
        "uss_kb_each": round((after.uss_kb - before.uss_kb) / visitors, 1),
        "agent_pss_kb_before": before.pss_kb,
        "descriptors_each": round((after.descriptors - before.descriptors) / visitors, 2),
        **used,
        "open_cpu_ms_each": round(1000 * (opened.cpu_s - before.cpu_s) / visitors, 2),
        "open_s": round(opening_s, 2),
    }
