"""downloads: two hundred visitors who download at once: how evenly they share, and what is lost.

One visitor alone, in one process, is measured beside it. Receivers and agent share the machine: the
processor of each side is told, and what is at its limit decides.
"""

from __future__ import annotations

from bench.report import Report, ratios, spread
from bench.scale.scene import Scene, scene

VISITORS = 200
SECONDS = 10.0
CROWDS = 2
FILE_BYTES = 256_000_000


async def run(
    report: Report,
    *,
    runs: int,
    megabytes: int = 0,
    visitors: int = VISITORS,
    seconds: float = SECONDS,
) -> None:
    """megabytes: of no use here, time is what is set."""
    alone: list[dict[str, float]] = []
    together: list[dict[str, float]] = []
    async with scene({"file": bytes(FILE_BYTES)}, crowds=CROWDS) as where:
        for number in range(runs):
            for several, done in ((1, alone), (visitors, together)):
                done.append(await _once(where, several, seconds))
                report.line(bench="scale", case="downloads", run=number, **done[-1])
    report.line(
        summary=True,
        bench="scale",
        case="downloads",
        visitors=visitors,
        runs=runs,
        vs="one visitor",
        jain=spread([run["jain"] for run in together]),
        rate_ratio=ratios([r["mb_per_s"] for r in together], [r["mb_per_s"] for r in alone]),
        mb_per_s=spread([run["mb_per_s"] for run in together]),
        alone_mb_per_s=spread([run["mb_per_s"] for run in alone]),
    )


async def _once(where: Scene, visitors: int, seconds: float) -> dict[str, float]:
    await where.open(visitors)
    before = where.clocks()
    command = {"do": "download", "path": "/file", "seconds": seconds}
    answers = await where.all(command, timeout_s=seconds + 60)
    after, memory = where.clocks(), where.agent()
    await where.close()
    got = [got_bytes for answer in answers for got_bytes in answer["bytes"]]
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
