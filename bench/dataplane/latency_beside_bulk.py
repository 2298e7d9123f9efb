"""latency-beside-bulk: 1 KB requests on a link that carries four downloads meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bench.dataplane.interleaved import Contender, interleaved
from bench.dataplane.latency import (
    REPLY_S,
    REQUESTS,
    SMALL,
    SMALL_MB,
    idle_latency,
    percentile,
    series,
)
from bench.dataplane.summary import Compared
from bench.path import WholePath, both_paths
from bench.processes import cpu_s
from bench.report import Report, ratios, spread

CASE = "latency-beside-bulk"
DOWNLOADS = 4
COMPARED = Compared(
    CASE,
    receiver="visitor",
    vs="aiortc",
    compares="requests of 1 KB beside four downloads on the same link, beside the same on plain"
    " aiortc; rate_ratio of the 99th percentiles of time, cpu_ratio of the agent's CPU for each"
    " byte; times_idle: 99th percentile over that of the link when idle, in the same run",
)


@dataclass(frozen=True, slots=True)
class Beside:
    """Of one series. times_idle: how much longer the 99th percentile is than on the idle link.

    paced_…: beside downloads that the app paces, so that the processor is not what is waited for.
    """

    requests: int
    idle_p99_ms: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    times_idle: float
    bulk_mb_per_s: float
    agent_cpu_s_per_gb: float
    paced_p50_ms: float
    paced_p99_ms: float
    paced_times_idle: float
    paced_mb_per_s: float

    def facts(self) -> Mapping[str, float]:
        return asdict(self)


async def run(report: Report, *, runs: int, megabytes: int) -> None:
    async with both_paths({SMALL: SMALL_MB, "bulk": megabytes}) as paths:
        contenders = [
            Contender(plane, "visitor", partial(_beside, path)) for plane, path in paths.items()
        ]
        done = await interleaved(report, CASE, runs, contenders)
    ours, stock = done["p2claw"], done["aiortc"]
    COMPARED.summarize(
        report,
        runs=runs,
        cpu_ratio=ratios(
            [one.agent_cpu_s_per_gb for one in stock], [one.agent_cpu_s_per_gb for one in ours]
        ),
        rate_ratio=ratios([one.p99_ms for one in stock], [one.p99_ms for one in ours]),
        times_idle=spread([one.times_idle for one in ours]),
        vs_times_idle=spread([one.times_idle for one in stock]),
        p50_ms=spread([one.p50_ms for one in ours]),
        vs_p50_ms=spread([one.p50_ms for one in stock]),
        p99_ms=spread([one.p99_ms for one in ours]),
        vs_p99_ms=spread([one.p99_ms for one in stock]),
        max_ms=spread([one.max_ms for one in ours]),
        vs_max_ms=spread([one.max_ms for one in stock]),
        paced_times_idle=spread([one.paced_times_idle for one in ours]),
        vs_paced_times_idle=spread([one.paced_times_idle for one in stock]),
        bulk_mb_per_s=spread([one.bulk_mb_per_s for one in ours]),
        vs_bulk_mb_per_s=spread([one.bulk_mb_per_s for one in stock]),
    )


async def _beside(path: WholePath) -> Beside:
    idle = await idle_latency(path)
    before_s = cpu_s(path.agent_pid)
    reply = await _series(path, "/bulk")
    agent_cpu_s = cpu_s(path.agent_pid) - before_s
    paced = await _series(path, "/paced/bulk")
    p99_ms, paced_p99_ms = percentile(reply["ms"], 0.99), percentile(paced["ms"], 0.99)
    return Beside(
        requests=len(reply["ms"]),
        idle_p99_ms=idle.p99_ms,
        p50_ms=percentile(reply["ms"], 0.50),
        p99_ms=p99_ms,
        max_ms=percentile(reply["ms"], 1),
        times_idle=round(p99_ms / idle.p99_ms, 2),
        bulk_mb_per_s=_rate(reply),
        agent_cpu_s_per_gb=round(agent_cpu_s / (reply["all_bytes"] / 1e9), 3),
        paced_p50_ms=percentile(paced["ms"], 0.50),
        paced_p99_ms=paced_p99_ms,
        paced_times_idle=round(paced_p99_ms / idle.p99_ms, 2),
        paced_mb_per_s=_rate(paced),
    )


async def _series(path: WholePath, bulk: str) -> dict[str, Any]:
    command = {**series(REQUESTS), "bulk": bulk, "downloads": DOWNLOADS}
    reply: dict[str, Any] = await path.visitor.ask(command, timeout_s=REPLY_S)
    return reply


def _rate(reply: dict[str, Any]) -> float:
    return round(float(reply["bulk_bytes"]) / float(reply["seconds"]) / 1e6, 2)
