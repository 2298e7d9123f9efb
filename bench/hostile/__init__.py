"""hostile: what one well-behaved visitor notices of one that attacks, attack by attack.

Requests of a neighbour are timed three times in turn: alone, beside an attack on another box of the
same machine, and beside the same attack on its own box. The second shows what the machine does when
an attacker takes a core of it; what is more than that, the box does. The attacks are those of
`tests/hostile/attacks.py`, on a real link; one that loses its link opens another and goes on. Each
app has a process of its own, and the attacked app is not the neighbour's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
from typing import Any

from bench.path import bench_folder
from bench.processes import Child, cpu_s
from bench.report import Report
from bench.scale.usage import usage
from tests.e2e.stack import Stack, stack
from tests.hostile.attacks import ATTACKS

REQUESTS = 3_000
SECONDS = 4.0
# Before the neighbour is timed: the attack has begun, or what it left has gone.
SETTLE_S = 1.0
# `HOSTILE_TIMES`: more than a link can carry while the neighbour is timed.
WITHOUT_END = 1_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    parser.add_argument("--case", nargs="+", choices=ATTACKS, help="these alone")


async def run(report: Report, args: argparse.Namespace) -> None:
    """Print a line per attack: milliseconds of the neighbour, and what the agent used."""
    async with contextlib.AsyncExitStack() as scene:
        boxes = []
        for name in ("here", "elsewhere"):
            folder = scene.enter_context(bench_folder())
            running = await scene.enter_async_context(stack(folder))
            attacked = await running.expose("hog", await _app(scene))
            boxes.append((running, attacked.url, name))
        visited = await boxes[0][0].expose("bench", await _app(scene))
        neighbour = await Child.start("bench.visitor_child", visited.url, boxes[0][0].edge)
        scene.push_async_callback(neighbour.end)
        await neighbour.receive()
        for name in args.case or ATTACKS:
            for turn in range(args.runs):
                report.progress(name, turn, args.runs, "alone, attack elsewhere, attack here")
                facts = _summary("alone", await _times(neighbour))
                for running, url, where in reversed(boxes):
                    agent_pid = boxes[0][0].agent_pid
                    facts |= await _beside(running, url, neighbour, name, where, agent_pid)
                report.line(attack=name, run=turn + 1, **facts)


async def _app(scene: contextlib.AsyncExitStack) -> str:
    child = await Child.start("bench.hostile.upstream")
    scene.push_async_callback(child.end)
    url: str = (await child.receive())["url"]
    return url


async def _beside(
    running: Stack, url: str, neighbour: Child, name: str, where: str, agent_pid: int
) -> dict[str, Any]:
    before = usage(agent_pid)
    env = {"HOSTILE_TIMES": str(WITHOUT_END)}
    attacker = await Child.start("bench.hostile.attacker", url, running.edge, name, env=env)
    try:
        await attacker.receive()
        await asyncio.sleep(SETTLE_S)
        begun_s, used_s = asyncio.get_running_loop().time(), cpu_s(agent_pid)
        facts = _summary(where, await _times(neighbour))
        seconds = asyncio.get_running_loop().time() - begun_s
        percent = 100 * (cpu_s(agent_pid) - used_s) / seconds
        during = usage(agent_pid)
        codes = await attacker.ask("end")
    finally:
        await attacker.end()
    await asyncio.sleep(SETTLE_S)
    if where == "here":
        facts["agent_cpu_percent"] = round(percent, 1)
        facts["agent_more_mb"] = round((during.rss_kb - before.rss_kb) / 1_000, 1)
        facts["codes"] = codes
    return facts


def _summary(where: str, times_ms: list[float]) -> dict[str, Any]:
    return {
        f"{where}_p50_ms": _percentile(times_ms, 50),
        f"{where}_p99_ms": _percentile(times_ms, 99),
        f"{where}_requests": len(times_ms),
    }


async def _times(neighbour: Child) -> list[float]:
    command = {"do": "times", "path": "/", "count": REQUESTS, "limit_s": SECONDS}
    reply = await neighbour.ask(command, timeout_s=60)
    times_ms: list[float] = reply["ms"]
    return times_ms


def _percentile(values: list[float], percent: int) -> float:
    if len(values) < 2:
        return round(values[0], 2)
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)
