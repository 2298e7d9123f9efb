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
from bench.scale.scene import AT_ONCE, Scene, scene
from bench.scale.usage import Usage

VISITORS = 200
SECONDS = 600.0
CROWDS = 2
FILE_BYTES = 1_000_000
EVERY_S = 10.0
WINDOW_S = 60.0


async def run(
    report: Report,
    *,
    runs: int,
    megabytes: int = 0,
    visitors: int = VISITORS,
    seconds: float = SECONDS,
) -> None:
    """megabytes: of no use here."""
    content = os.urandom(FILE_BYTES)
    for number in range(runs):
        async with scene({"file": content}, crowds=CROWDS) as where:
            samples, links = await _churned(report, where, content, visitors, seconds, number)
        times_s = [at_s for at_s, _ in samples]
        window_s = min(WINDOW_S, times_s[-1] / 2)
        first = [used for at_s, used in samples if at_s - times_s[0] <= window_s]
        last = [used for at_s, used in samples if times_s[-1] - at_s <= window_s]
        facts: dict[str, object] = {}
        for name in ("rss_kb", "pss_kb", "uss_kb", "descriptors"):
            facts[f"first_{name}"] = _median(name, first)
            facts[f"last_{name}"] = _median(name, last)
        slope = statistics.linear_regression(times_s, [used.rss_kb for _, used in samples]).slope
        report.line(
            summary=True,
            bench="scale",
            case="churn",
            seconds=seconds,
            links=links,
            rss_kb_per_minute=round(60 * slope, 1),
            **facts,
        )


async def _churned(
    report: Report, where: Scene, content: bytes, visitors: int, seconds: float, number: int
) -> tuple[list[tuple[float, Usage]], int]:
    """What the agent used, and when; how many links there were."""
    command = {
        "do": "churn",
        "visitors": visitors // len(where.crowds),
        "at_once": AT_ONCE,
        "path": "/file",
        "sha256": hashlib.sha256(content).hexdigest(),
        "seconds": seconds,
    }
    started_s = time.monotonic()
    churning = asyncio.ensure_future(where.all(command, timeout_s=seconds + 300))
    samples: list[tuple[float, Usage]] = []
    while not churning.done() or len(samples) < 2:
        await asyncio.wait([churning], timeout=EVERY_S)
        samples.append((time.monotonic() - started_s, where.agent()))
        at_s, used = samples[-1]
        facts = {**used.facts(), "cpu_s": round(used.cpu_s, 2)}
        report.line(bench="scale", case="churn", run=number, at_s=round(at_s), **facts)
    return samples, sum(answer["links"] for answer in churning.result())


def _median(name: str, samples: list[Usage]) -> int:
    values: list[int] = [getattr(used, name) for used in samples]
    return round(statistics.median(values))
