"""hostile: what one well-behaved visitor notices of one that attacks, attack by attack.

Requests of a neighbour are timed alone and beside each attack, in turn. The attacks are those of
`tests/hostile/attacks.py`, on a real link; one that loses its link opens another and goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from typing import Any

from bench.path import bench_folder
from bench.processes import Child, cpu_s
from bench.report import Report
from bench.scale.usage import usage
from tests.e2e.stack import Stack, stack
from tests.hostile.attacks import ATTACKS
from tests.hostile.neighbours import app
from tests.support.upstreams import upstream_of

REQUESTS = 3_000
SECONDS = 4.0
# Before the neighbour is timed: the attack has begun, or what it left has gone.
SETTLE_S = 1.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    parser.add_argument("--case", nargs="+", choices=ATTACKS, help="these alone")


async def run(report: Report, args: argparse.Namespace) -> None:
    """Print a line per attack: milliseconds of the neighbour, and what the agent used."""
    with bench_folder() as folder:
        async with upstream_of(app) as upstream, stack(folder) as running:
            address = await running.expose("bench", upstream.url)
            neighbour = await Child.start("bench.visitor_child", address.url, running.edge)
            try:
                await neighbour.hear()
                for name in args.case or ATTACKS:
                    for turn in range(args.runs):
                        report.progress(name, turn, args.runs, "alone, then beside it")
                        facts = await _beside(running, address.url, neighbour, name)
                        report.line(attack=name, run=turn + 1, **facts)
            finally:
                await neighbour.end()


async def _beside(running: Stack, url: str, neighbour: Child, name: str) -> dict[str, Any]:
    alone = await _times(neighbour)
    pid = running.agent_pid
    before = usage(pid)
    attacker = await Child.start("bench.hostile.attacker", url, running.edge, name)
    try:
        await attacker.hear()
        await asyncio.sleep(SETTLE_S)
        begun_s, used_s = asyncio.get_running_loop().time(), cpu_s(pid)
        beside = await _times(neighbour)
        seconds = asyncio.get_running_loop().time() - begun_s
        percent = 100 * (cpu_s(pid) - used_s) / seconds
        during = usage(pid)
        codes = await attacker.ask("end")
    finally:
        await attacker.end()
    await asyncio.sleep(SETTLE_S)
    return {
        "alone_p50_ms": _percentile(alone, 50),
        "alone_p99_ms": _percentile(alone, 99),
        "beside_p50_ms": _percentile(beside, 50),
        "beside_p99_ms": _percentile(beside, 99),
        "requests": len(beside),
        "agent_cpu_percent": round(percent, 1),
        "agent_more_mb": round((during.rss_kb - before.rss_kb) / 1_000, 1),
        "codes": codes,
    }


async def _times(neighbour: Child) -> list[float]:
    command = {"do": "times", "path": "/", "count": REQUESTS, "limit_s": SECONDS}
    answer = await neighbour.ask(command, timeout_s=60)
    times_ms: list[float] = answer["ms"]
    return times_ms


def _percentile(values: list[float], percent: int) -> float:
    if len(values) < 2:
        return round(values[0], 2)
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)
