"""bulk: one long download into the page, beside the same bytes on a bare channel and directly.

The bare channel's sender is our own data plane, so what differs is HTTP, framing and the realms of
the browser side. The third peer has no link at all: a service worker that makes the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bench.dataplane.chromium import page_transfer
from bench.page.comparison import Rows, summarize
from bench.page.scene import DIRECT, P2CLAW, SIDES, Scene
from bench.pair import SLOWEST_MB_PER_S
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
    mb_per_s: float

    def facts(self) -> Mapping[str, float]:
        return asdict(self)


async def run(report: Report, scene: Scene, *, runs: int) -> None:
    beside_bare: Rows[Rate] = Rows(report, scene, CASE, peer=BARE)
    beside_ceiling: Rows[Rate] = Rows(report, scene, CASE, peer=CEILING)
    beside_direct: Rows[Rate] = Rows(report, scene, CASE)
    for number in range(runs):
        bare = await page_transfer(scene.browser, "p2claw", scene.megabytes)
        beside_bare.add(BARE, number, Rate(bare.mb_per_s))
        tab = await scene.open(DIRECT, f"{await scene.fresh_origin(DIRECT)}/ceiling/index.html")
        await tab.evaluate(CONTROLLED)
        beside_ceiling.add(CEILING, number, await _download(scene, tab, "file"))
        for side in SIDES:
            tab = await scene.open(side, f"{await scene.fresh_origin(side)}/index.html")
            rate = await _download(scene, tab, "/file")
            if side is P2CLAW:
                beside_bare.add(side, number, rate)
                for rows in (beside_ceiling, beside_direct):
                    rows.by_side[P2CLAW.name].append(rate)
            else:
                beside_direct.add(DIRECT, number, rate)
    for rows in (beside_bare, beside_ceiling, beside_direct):
        summarize(rows, "mb_per_s", lambda rate: rate.mb_per_s)


async def _download(scene: Scene, tab: Tab, file: str) -> Rate:
    timeout_s = 30 + scene.megabytes / SLOWEST_MB_PER_S
    rate = Rate(round(await tab.evaluate(MEASURE, file, timeout_s=timeout_s), 2))
    await tab.close()
    return rate
