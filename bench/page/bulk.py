"""bulk: one long download into the page, beside the same bytes on a bare channel and directly.

The bare channel's sender is our own data plane, so what differs is HTTP, framing and the realms of
the browser side. The third peer has no link at all: a service worker that makes the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bench.dataplane.chromium import browser_cpu_s, page_transfer
from bench.page.comparison import Rows, summarize
from bench.page.scene import DIRECT, Scene, Side
from bench.pair import SLOWEST_MB_PER_S
from bench.processes import cpu_s
from bench.report import Report
from tests.support.browser import Tab

CASE = "bulk"
BARE = "bare-channel"
CEILING = "service-worker"

# The rate from the first piece on, as for the bare channel.
MEASURE = """async (file) => {
  const reader = (await fetch(file)).body.getReader();
  const first = (await reader.read()).value.length;
  const began = performance.now();
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes / (performance.now() - began) / 1000;
    bytes += value.length;
  }
}"""


CONTROLLED = """async () => {
  const { serviceWorker } = navigator;
  const changed = new Promise((resolve) => {
    serviceWorker.oncontrollerchange = resolve;
  });
  await serviceWorker.register("sw.js");
  await changed;
}"""


@dataclass(frozen=True, slots=True)
class Rate:
    """CPU: of who sends, the agent or a bare channel's process, and of all of the browser."""

    mb_per_s: float
    browser_cpu_s_per_gb: float
    sender_cpu_s_per_gb: float | None = None

    def facts(self) -> Mapping[str, float]:
        return {name: value for name, value in asdict(self).items() if value is not None}


async def run(report: Report, scene: Scene, *, runs: int) -> None:
    rows: Rows[Rate] = Rows(report, scene, CASE)
    for number in range(runs):
        rows.add(BARE, number, await _bare(scene))
        tab = await scene.open(DIRECT, f"{await scene.fresh_origin(DIRECT)}/ceiling/index.html")
        await tab.evaluate(CONTROLLED)
        rows.add(CEILING, number, await _download(scene, DIRECT, tab, "file"))
        for side in scene.sides:
            tab = await scene.open(side, f"{await scene.fresh_origin(side)}/index.html")
            rows.add(side, number, await _download(scene, side, tab, "/file"))
    summarize(rows, "mb_per_s", lambda rate: rate.mb_per_s)
    summarize(rows, "browser_cpu_s_per_gb", lambda rate: rate.browser_cpu_s_per_gb)


async def _bare(scene: Scene) -> Rate:
    done = await page_transfer(scene.browser, "p2claw", scene.megabytes)
    return Rate(done.mb_per_s, done.receiver_cpu_s_per_gb, done.sender_cpu_s_per_gb)


async def _download(scene: Scene, side: Side, tab: Tab, file: str) -> Rate:
    timeout_s = 30 + scene.megabytes / SLOWEST_MB_PER_S
    stack = scene.stacks.get(side.name)
    before_s = browser_cpu_s(scene.browser), cpu_s(stack.agent_pid) if stack else 0.0
    mb_per_s = await tab.evaluate(MEASURE, file, timeout_s=timeout_s)
    after_s = browser_cpu_s(scene.browser), cpu_s(stack.agent_pid) if stack else 0.0
    await tab.close()
    ours, theirs = (
        round((after - before) * 1000 / scene.megabytes, 2)
        for before, after in zip(before_s, after_s, strict=True)
    )
    return Rate(round(mb_per_s, 2), ours, theirs if stack else None)
