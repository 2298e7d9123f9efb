"""crowd: many visitors at real rates, each over a line of its own, beside nginx and Caddy; as root.

All sides serve the same files in turn over the same lines. The processor seconds of the serving
process alone are compared: the agent, or the proxy.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.crowd import films, flash, gallery
from bench.crowd.profile import profiled
from bench.crowd.sides import Side, sides
from bench.processes import cpu_s
from bench.proxies import PROXIES
from bench.report import Report, ratios, spread
from bench.scale.usage import usage

CASES: dict[str, ModuleType] = {"films": films, "gallery": gallery, "flash": flash}

# After the crowd has gone, until its memory is read: links that ended clean up after themselves.
SETTLE_S = 3.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    group = parser.add_argument_group("crowd")
    group.add_argument("--case", choices=[*CASES, "all"], default="all")
    group.add_argument("--visitors", type=int, nargs="+", help="how many; each case its own")
    group.add_argument("--seconds", type=float, help="how long it is measured; each case its own")
    group.add_argument(
        "--beside", nargs="*", choices=PROXIES, default=tuple(PROXIES), help="these alone"
    )
    group.add_argument(
        "--before", type=Path, metavar="FOLDER", help="also the agent of another built work tree"
    )
    group.add_argument("--no-profile", action="store_true", help="even where perf is there")


async def run(report: Report, args: argparse.Namespace) -> None:
    """Raises P2clawError where a link does not open, or is lost."""
    for name in CASES if args.case == "all" else [args.case]:
        await _Rounds(report, args, name, CASES[name]).run()


class _Rounds:
    """All runs of one case."""

    def __init__(
        self, report: Report, args: argparse.Namespace, name: str, case: ModuleType
    ) -> None:
        self._report = report
        self._args = args
        self._name = name
        self._case = case
        self._seconds: float = args.seconds or case.SECONDS
        self._line_pid = 0

    async def run(self) -> None:
        """Every side in turn, for each number of visitors."""
        args = self._args
        before = args.before.resolve() if args.before else None
        async with sides(self._case.files(), tuple(args.beside), before=before) as made:
            self._line_pid = made.line_pid
            for visitors in args.visitors or self._case.VISITORS:
                done: dict[str, list[dict[str, Any]]] = {side.name: [] for side in made.all}
                for number in range(args.runs):
                    for side in made.all:
                        what = f"{visitors} visitors, {side.name}"
                        self._report.progress(self._name, number, args.runs, what)
                        facts = await self._once(side, visitors)
                        done[side.name].append(facts)
                        self._line(run=number, side=side.name, visitors=visitors, **facts)
                self._summarize(visitors, done)

    async def _once(self, side: Side, visitors: int) -> dict[str, Any]:
        rss_before_kb = usage(side.pid).rss_kb
        await self._case.prepare(side, visitors)
        wanted = not self._args.no_profile
        async with profiled(side.pid, self._line_pid, wanted=wanted) as profile:
            counted, began_s, before = await side.port(), time.monotonic(), self._clocks(side)
            got_bytes, noticed = await self._case.once(side, visitors, self._seconds)
            used_s, line_s, introduced_s = (
                after - earlier for after, earlier in zip(self._clocks(side), before, strict=True)
            )
            seconds = time.monotonic() - began_s
            per_second = {
                f"{name}_per_s": round((count - counted.get(name, 0)) / seconds)
                for name, count in (await side.port()).items()
            }
        rss_kb = usage(side.pid).rss_kb
        await side.audience.ask({"do": "close"}, timeout_s=120)
        await asyncio.sleep(SETTLE_S)
        facts = {
            "mb": round(got_bytes / 1e6, 1),
            "cpu_s": round(used_s, 3),
            "cpu_s_per_gb": round(used_s / (got_bytes / 1e9), 2),
            **noticed,
            "line_cpu_s": round(line_s, 2),
            "rss_before_mb": round(rss_before_kb / 1000, 1),
            "rss_mb": round(rss_kb / 1000, 1),
            "rss_after_mb": round(usage(side.pid).rss_kb / 1000, 1),
        }
        if "requests" in noticed:
            facts["cpu_us_per_request"] = round(used_s / noticed["requests"] * 1e6)
        if side.coordinator is not None:
            facts["coordinator_cpu_s"] = round(introduced_s, 3)
        return facts | per_second | profile.facts(got_bytes)

    def _clocks(self, side: Side) -> tuple[float, float, float]:
        """Processor seconds of the server, of the emulated lines, and of the coordinator."""
        coordinator_s = cpu_s(side.coordinator) if side.coordinator is not None else 0.0
        return cpu_s(side.pid), cpu_s(self._line_pid), coordinator_s

    def _summarize(self, visitors: int, done: dict[str, list[dict[str, Any]]]) -> None:
        def of(side: str, fact: str) -> list[float]:
            return [one[fact] for one in done[side]]

        ours = of("p2claw", "cpu_s_per_gb")
        for peer in list(done)[1:] or ["p2claw"]:
            theirs = of(peer, "cpu_s_per_gb")
            noticed = {
                f"{who}{fact}": spread(of(side, fact))
                for fact in self._case.SPREADS
                for who, side in (("", "p2claw"), ("vs_", peer))
            }
            self._line(
                summary=True,
                visitors=visitors,
                runs=len(ours),
                vs=peer,
                cpu_ratio=ratios(ours, theirs),
                cpu_s_per_gb=spread(ours),
                vs_cpu_s_per_gb=spread(theirs),
                **noticed,
            )

    def _line(self, **facts: object) -> None:
        self._report.line(bench="crowd", case=self._name, **facts)
