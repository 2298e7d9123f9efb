"""latency-idle: a 1 KB file of nginx, requested again and again on a link with nothing else."""

from __future__ import annotations

from functools import partial

from bench.dataplane.interleaved import Contender, interleaved
from bench.dataplane.latency import SMALL, SMALL_MB, idle_latency
from bench.dataplane.summary import Compared
from bench.path import both_paths
from bench.report import Report, ratios, spread

CASE = "latency-idle"
COMPARED = Compared(
    CASE,
    receiver="visitor",
    vs="aiortc",
    compares="requests of 1 KB through nginx, agent and Python visitor, one after the other, beside"
    " the same on plain aiortc; rate_ratio of the medians of time, cpu_ratio of the agent's CPU for"
    " each request",
)


async def run(report: Report, *, runs: int, megabytes: int) -> None:
    """megabytes: of no use here."""
    async with both_paths({SMALL: SMALL_MB}) as paths:
        contenders = [
            Contender(plane, "visitor", partial(idle_latency, path))
            for plane, path in paths.items()
        ]
        done = await interleaved(report, CASE, runs, contenders)
    ours, stock = done["p2claw"], done["aiortc"]
    COMPARED.summarize(
        report,
        runs=runs,
        cpu_ratio=ratios([one.agent_cpu_ms for one in stock], [one.agent_cpu_ms for one in ours]),
        rate_ratio=ratios([one.p50_ms for one in stock], [one.p50_ms for one in ours]),
        p99_ratio_spread=ratios([one.p99_ms for one in stock], [one.p99_ms for one in ours]),
        p50_ms=spread([one.p50_ms for one in ours]),
        vs_p50_ms=spread([one.p50_ms for one in stock]),
        p99_ms=spread([one.p99_ms for one in ours]),
        vs_p99_ms=spread([one.p99_ms for one in stock]),
    )
