"""visits: how long until the first byte and the loaded page, on a first and on a return visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.page.comparison import Rows, summarize
from bench.page.scene import DIRECT, Scene, Side
from bench.report import Report
from tests.support.browser import Tab

CASE = "visits"

# Both from the beginning of the tab's navigation: behind p2claw the document that loads is in a
# frame of the tab, and began later.
TIMES = """() => {
  const { responseStart, loadEventEnd } = performance.getEntriesByType("navigation")[0];
  const behindMs = performance.timeOrigin - window.top.performance.timeOrigin;
  return [behindMs + responseStart, behindMs + loadEventEnd];
}"""


# What the shell marks on its way, each once, from the same beginning: its page came, its script ran
# (`finding`), the coordinator answered (`asking`), the box did (`connecting`), the channel opened
# (`open`), requests are intercepted (`controlled`), and the app is asked for (`frame`).
STEPS = """() => {
  const steps = { shell: performance.getEntriesByType("navigation")[0].responseStart };
  for (const { name, startTime } of performance.getEntriesByType("mark")) {
    if (name.startsWith("p2claw-")) steps[name.slice(7)] ??= startTime;
  }
  return steps;
}"""


@dataclass(frozen=True, slots=True)
class Times:
    """steps_ms: of the shell, by name; none where there is no shell."""

    first_byte_ms: float
    loaded_ms: float
    steps_ms: Mapping[str, float] = field(default_factory=dict)

    def facts(self) -> Mapping[str, float]:
        steps = {f"{name}_ms": round(at_ms, 1) for name, at_ms in self.steps_ms.items()}
        return {**steps, "first_byte_ms": self.first_byte_ms, "loaded_ms": self.loaded_ms}


async def run(report: Report, scene: Scene, *, runs: int) -> None:
    first: Rows[Times] = Rows(report, scene, f"{CASE}-first")
    again: Rows[Times] = Rows(report, scene, f"{CASE}-return")
    for number in range(runs):
        for side in scene.sides:
            url = f"{await scene.fresh_origin(side)}/index.html"
            first.add(side, number, await _visit(scene, side, url))
            again.add(side, number, await _visit(scene, side, url))
    for rows in (first, again):
        summarize(rows, "first_byte_ms", lambda times: times.first_byte_ms)
        summarize(rows, "loaded_ms", lambda times: times.loaded_ms)


async def _visit(scene: Scene, side: Side, url: str) -> Times:
    tab: Tab = await scene.open(side, url)
    first_byte_ms, loaded_ms = await tab.evaluate(TIMES)
    steps_ms = await tab.evaluate(STEPS, within="top") if side is not DIRECT else {}
    await tab.close()
    return Times(round(first_byte_ms, 1), round(loaded_ms, 1), steps_ms)
