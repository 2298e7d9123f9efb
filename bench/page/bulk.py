"""bulk: one long download into the page, beside the same bytes on a bare channel and directly.

The bare channel's sender is our own data plane, so what differs is HTTP, framing and the realms of
the browser side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bench.dataplane.chromium import page_transfer
from bench.page.comparison import Rows, summarize
from bench.page.scene import DIRECT, P2CLAW, SIDES, Scene
from bench.pair import SLOWEST_MB_PER_S
from bench.report import Report

CASE = "bulk"
BARE = "bare-channel"

# The rate from the first piece on, as for the bare channel.
MEASURE = """async () => {
  const reader = (await fetch("/file")).body.getReader();
  const first = (await reader.read()).value.length;
  const began = performance.now();
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes / (performance.now() - began) / 1000;
    bytes += value.length;
  }
}"""


@dataclass(frozen=True, slots=True)
class Rate:
    mb_per_s: float

    def facts(self) -> Mapping[str, float]:
        return asdict(self)


async def run(report: Report, scene: Scene, *, runs: int) -> None:
    beside_bare: Rows[Rate] = Rows(report, scene, CASE, peer=BARE)
    beside_direct: Rows[Rate] = Rows(report, scene, CASE)
    for number in range(runs):
        bare = await page_transfer(scene.browser, "p2claw", scene.megabytes)
        beside_bare.add(BARE, number, Rate(bare.mb_per_s))
        for side in SIDES:
            tab = await scene.open(side, f"{await scene.fresh_origin(side)}/index.html")
            timeout_s = 30 + scene.megabytes / SLOWEST_MB_PER_S
            rate = Rate(round(await tab.evaluate(MEASURE, timeout_s=timeout_s), 2))
            await tab.close()
            if side is P2CLAW:
                beside_bare.add(side, number, rate)
                beside_direct.by_side[P2CLAW.name].append(rate)
            else:
                beside_direct.add(DIRECT, number, rate)
    for rows in (beside_bare, beside_direct):
        summarize(rows, "mb_per_s", lambda rate: rate.mb_per_s)
