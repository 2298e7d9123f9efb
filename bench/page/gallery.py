"""gallery: a page of 500 pictures that may not be cached, until all of them are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bench.page.comparison import Rows, summarize
from bench.page.scene import Scene
from bench.page.site import PICTURES
from bench.report import Report
from p2claw.errors import P2clawError

CASE = "gallery"

# From the first byte of the page: how it is reached is another case.
MEASURE = """() => {
  const { responseStart, loadEventEnd } = performance.getEntriesByType("navigation")[0];
  const whole = [...document.images].filter((image) => image.naturalWidth > 0).length;
  return [whole, loadEventEnd - responseStart];
}"""


@dataclass(frozen=True, slots=True)
class Load:
    pictures_ms: float

    def facts(self) -> Mapping[str, float]:
        return asdict(self)


async def run(report: Report, scene: Scene, *, runs: int) -> None:
    """Raises P2clawError `picture-broken`."""
    rows: Rows[Load] = Rows(report, scene, CASE)
    for number in range(runs):
        for side in scene.sides:
            tab = await scene.open(side, f"{await scene.fresh_origin(side)}/gallery.html")
            whole, took_ms = await tab.evaluate(MEASURE)
            if whole != PICTURES:
                raise P2clawError(f"{whole} of {PICTURES} pictures came", code="picture-broken")
            rows.add(side, number, Load(round(took_ms, 1)))
            await tab.close()
    summarize(rows, "pictures_ms", lambda load: load.pictures_ms)
