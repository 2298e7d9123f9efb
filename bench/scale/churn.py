"""churn: links that come and go for a long time: what the agent keeps of those that went.

A round opens every link, downloads a megabyte on each, checks it, and closes them all.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import statistics
import time

from bench.report import Report
from bench.scale.plan import Plan
from bench.scale.scene import AT_ONCE, Scene, scene
from bench.scale.usage import Usage

VISITORS = 200
SECONDS = 600.0
CROWDS = 2
FILE_BYTES = 1_000_000
EVERY_S = 10.0
WINDOW_S = 60.0


async def run(report: Report, plan: Plan) -> None:
    """Once, however many runs are asked for: it is long."""
    content = os.urandom(FILE_BYTES)
    async with scene({"file": content}, crowds=CROWDS, plane=plan.plane) as where:
        samples, links = await _churned(report, where, content, plan)
    times_s = [at_s for at_s, _ in samples]
    window_s = min(WINDOW_S, times_s[-1] / 2)
    first = [used for at_s, used in samples if at_s - times_s[0] <= window_s]
    last = [used for at_s, used in samples if times_s[-1] - at_s <= window_s]
    facts: dict[str, object] = {}
    for name in ("rss_kb", "pss_kb", "uss_kb", "descriptors"):
        facts |= {f"first_{name}": _median(name, first), f"last_{name}": _median(name, last)}
    slope = statistics.linear_regression(times_s, [used.rss_kb for _, used in samples]).slope
    report.line(
        summary=True,
        bench="scale",
        case="churn",
        plane=plan.plane,
        visitors=plan.visitors,
        seconds=plan.seconds,
        links=links,
        rss_kb_per_minute=round(60 * slope, 1),
        **facts,
    )


async def _churned(
    report: Report, where: Scene, content: bytes, plan: Plan
) -> tuple[list[tuple[float, Usage]], int]:
    """What the agent used, and when; how many links there were."""
    command = {
        "do": "churn",
        "visitors": plan.visitors // len(where.crowds),
        "at_once": AT_ONCE,
        "path": "/file",
        "sha256": hashlib.sha256(content).hexdigest(),
        "seconds": plan.seconds,
    }
    started_s = time.monotonic()
    churning = asyncio.ensure_future(where.all(command, timeout_s=plan.seconds + 300))
    samples: list[tuple[float, Usage]] = []
    while not churning.done() or len(samples) < 2:
        await asyncio.wait([churning], timeout=EVERY_S)
        at_s, used = time.monotonic() - started_s, where.agent()
        samples.append((at_s, used))
        facts = {**used.facts(), "cpu_s": round(used.cpu_s, 2)}
        report.line(bench="scale", case="churn", at_s=round(at_s), **facts)
    return samples, sum(reply["links"] for reply in churning.result())


def _median(name: str, samples: list[Usage]) -> int:
    values: list[int] = [getattr(used, name) for used in samples]
    return round(statistics.median(values))
