"""small: fetches of 1 KB, one after the other, in a page that does nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bench.page.comparison import Rows, summarize
from bench.page.scene import Scene
from bench.report import Report

CASE = "small"
FETCHES = 200

# The first ones warm the way.
MEASURE = """async (count) => {
  const took = [];
  for (let i = 0; i < count + 20; i += 1) {
    const began = performance.now();
    await (await fetch("/small")).arrayBuffer();
    if (i >= 20) took.push(performance.now() - began);
  }
  return took;
}"""


@dataclass(frozen=True, slots=True)
class Latency:
    p50_ms: float
    p99_ms: float

    def facts(self) -> Mapping[str, float]:
        return asdict(self)


async def run(report: Report, scene: Scene, *, runs: int) -> None:
    rows: Rows[Latency] = Rows(report, scene, CASE)
    for number in range(runs):
        for side in scene.sides:
            tab = await scene.open(side, f"{await scene.fresh_origin(side)}/index.html")
            took = sorted(await tab.evaluate(MEASURE, FETCHES, timeout_s=60))
            p99 = took[int(len(took) * 0.99)]
            rows.add(side, number, Latency(round(statistics.median(took), 2), round(p99, 2)))
            await tab.close()
    summarize(rows, "p50_ms", lambda latency: latency.p50_ms)
    summarize(rows, "p99_ms", lambda latency: latency.p99_ms)
