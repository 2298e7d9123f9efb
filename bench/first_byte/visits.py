"""First and repeat visits of both sides, in turn, and what each step of them took."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Literal

from bench.first_byte.fetches import fetch, fetch_directly
from bench.first_byte.scene import Scene
from bench.first_byte.times import Times
from bench.page.visits import STEPS
from bench.report import Report, ratios, spread
from tests.support.browser import Within

P2CLAW, NGINX = "p2claw", "nginx"
FIRST, REPEAT = "first", "repeat"
SideName = Literal["p2claw", "nginx"]

# Of a page that has loaded, and is no empty frame that still waits for one; both from the beginning
# of the tab's navigation.
_TIMES = """() => {
  const { responseStart, loadEventEnd } = performance.getEntriesByType("navigation")[0] ?? {};
  if (location.protocol !== "https:" || !loadEventEnd) return null;
  const behindMs = performance.timeOrigin - window.top.performance.timeOrigin;
  return [behindMs + responseStart, behindMs + loadEventEnd];
}"""
# With 3 % loss a visit may need a second attempt at the link.
VISIT_TIMEOUT_S = 60


# Of each visit (first, repeat) and side, run by run.
Visits = dict[tuple[str, str], list[Times]]


async def measure(report: Report, scene: Scene, *, runs: int) -> Visits:
    """One visit of each kind to warm up, then those that count."""
    visits: Visits = {(visit, side): [] for visit in (FIRST, REPEAT) for side in (P2CLAW, NGINX)}
    for number in range(-1, runs):
        report.progress(f"first-byte {scene.by} {scene.rtt_ms:g} ms", number, runs, "visits")
        for side in (P2CLAW, NGINX):
            url = await scene.fresh_url() if side == P2CLAW else scene.fresh_peer_url()
            for visit in (FIRST, REPEAT):
                times = await scene.visitor.run(_visit(scene, url, shelled=side == P2CLAW))
                scene.forget_connections()
                if number < 0:
                    continue
                visits[visit, side].append(times)
                _tell_run(report, scene, visit, side, number, times)
    for visit in (FIRST, REPEAT):
        _summarize(report, scene, visit, visits[visit, P2CLAW], visits[visit, NGINX])
    return visits


async def _visit(scene: Scene, url: str, *, shelled: bool) -> Times:
    if scene.browser is None:
        return await (fetch(scene, url) if shelled else fetch_directly(url))
    within: Within = "app" if shelled else "top"
    tab = await scene.browser.open(url, within=within)
    first_byte_ms, loaded_ms = await tab.wait_for(_TIMES, timeout_s=VISIT_TIMEOUT_S)
    steps_ms = await tab.evaluate(STEPS, within="top") if shelled else {}
    await tab.close()
    in_order = dict(sorted(steps_ms.items(), key=lambda step: float(step[1])))
    return Times(first_byte_ms, loaded_ms, in_order)


def _tell_run(
    report: Report, scene: Scene, visit: str, side: str, number: int, times: Times
) -> None:
    steps = {f"{name}_ms": round(at_ms, 1) for name, at_ms in times.steps_ms.items()}
    report.line(
        **_where(scene, visit),
        side=side,
        run=number,
        **steps,
        first_byte_ms=round(times.first_byte_ms, 1),
        loaded_ms=round(times.loaded_ms, 1),
    )


def _summarize(
    report: Report, scene: Scene, visit: str, ours: list[Times], theirs: list[Times]
) -> None:
    where = _where(scene, visit)
    for name in step_names(ours):
        at_ms = [step_of(times, name) for times in ours if name in _all(times)]
        in_rtts = round(statistics.median(at_ms) / scene.rtt_ms, 2)
        report.line(
            summary=True, **where, step=name, runs=len(at_ms), ms=spread(at_ms), rtts=in_rtts
        )
    first: Callable[[Times], float] = lambda times: times.first_byte_ms  # noqa: E731
    report.line(
        summary=True,
        **where,
        figure="first_byte_ms",
        runs=len(ours),
        p2claw=spread([first(times) for times in ours]),
        p2claw_p95=round(_p95([first(times) for times in ours]), 1),
        peer=spread([first(times) for times in theirs]),
        ratio=ratios([first(times) for times in ours], [first(times) for times in theirs]),
    )


def step_names(visits: list[Times]) -> list[str]:
    """The steps that any of the visits had, by when they came in the middle of them."""
    names = {name for times in visits for name in _all(times)}

    def middle_ms(name: str) -> float:
        return statistics.median(step_of(t, name) for t in visits if name in _all(t))

    return sorted(names, key=middle_ms)


def step_of(times: Times, name: str) -> float:
    """When a step of this visit came."""
    return _all(times)[name]


def _all(times: Times) -> Mapping[str, float]:
    return {**times.steps_ms, "first-byte": times.first_byte_ms}


def _p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def _where(scene: Scene, visit: str) -> dict[str, object]:
    return {
        "bench": "first-byte",
        "browser": scene.by,
        "rtt_ms": scene.rtt_ms,
        "loss_percent": scene.loss_percent,
        "visit": visit,
    }
