"""downloads: two hundred visitors who download at once: how evenly they share, and what is lost.

One visitor alone, in one process, and a few are measured beside them, in turn. Whichever of agent
and receivers is at the limit of its core decides.
"""

from __future__ import annotations

from bench.report import Report, ratios, spread
from bench.scale.plan import Plan
from bench.scale.scene import Scene, scene

VISITORS = 200
SECONDS = 10.0
FEW = 24
CROWDS = 2
FILE_BYTES = 256_000_000


async def run(report: Report, plan: Plan) -> None:
    """One, few and many take turns."""
    counts = (1, FEW, plan.visitors)
    done: dict[int, list[dict[str, float]]] = {visitors: [] for visitors in counts}
    async with scene({"file": bytes(FILE_BYTES)}, crowds=CROWDS, plane=plan.plane) as where:
        for number in range(plan.runs):
            for visitors, runs in done.items():
                report.progress("downloads", number, plan.runs, f"{visitors} visitors")
                runs.append(await _once(where, visitors, plan.seconds))
                report.line(bench="scale", case="downloads", run=number, **runs[-1])
    alone, few, together = (done[visitors] for visitors in counts)
    report.line(
        summary=True,
        bench="scale",
        case="downloads",
        plane=plan.plane,
        visitors=plan.visitors,
        runs=plan.runs,
        vs=f"one visitor, {FEW} visitors",
        jain=_spread("jain", together),
        rate_ratio=_ratios("mb_per_s", together, alone),
        rate_ratio_to_few=_ratios("mb_per_s", together, few),
        cpu_ratio=_ratios("agent_cpu_s_per_gb", together, alone),
        cpu_ratio_to_few=_ratios("agent_cpu_s_per_gb", together, few),
        mb_per_s=_spread("mb_per_s", together),
        few_mb_per_s=_spread("mb_per_s", few),
        alone_mb_per_s=_spread("mb_per_s", alone),
    )


def _spread(name: str, runs: list[dict[str, float]]) -> dict[str, float]:
    return spread([run[name] for run in runs])


def _ratios(
    name: str, runs: list[dict[str, float]], beside: list[dict[str, float]]
) -> dict[str, float]:
    return ratios([run[name] for run in runs], [run[name] for run in beside])


async def _once(where: Scene, visitors: int, seconds: float) -> dict[str, float]:
    await where.open(visitors)
    before = where.clocks()
    command = {"do": "download", "path": "/file", "seconds": seconds}
    replies = await where.all(command, timeout_s=seconds + 60)
    after, memory = where.clocks(), where.agent()
    await where.close()
    got = [got_bytes for reply in replies for got_bytes in reply["bytes"]]
    return {
        "visitors": visitors,
        "mb_per_s": round(sum(got) / seconds / 1e6, 2),
        "jain": round(jain(got), 4),
        "least_mb": round(min(got) / 1e6, 2),
        "most_mb": round(max(got) / 1e6, 2),
        **after.percent_since(before, seconds),
        "agent_cpu_s_per_gb": round((after.agent_s - before.agent_s) / (sum(got) / 1e9), 2),
        "agent_pss_mb": round(memory.pss_kb / 1000, 1),
    }


def jain(shares: list[int]) -> float:
    """Jain's index of fairness: 1 where all have the same, 1/n where one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))
