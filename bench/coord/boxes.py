"""boxes: many boxes on one node with SQLite, doing nothing, being visited, coming back at once.

All in one run, with what each of these is to be: `TARGETS`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import time
from collections.abc import Sequence
from typing import Any

from bench.coord.scene import agents, ask_all, nodes, percentile, shown
from bench.path import bench_folder
from bench.processes import Child, cpu_s
from bench.profile.parts import shares
from bench.profile.perf import sampled
from bench.report import Report
from bench.scale.usage import usage

# What 20,000 boxes may cost at most, by name of the figure.
TARGETS = {
    "kb_per_box": 25.0,
    "idle_cpu_percent": 10.0,
    "calm_p99_ms": 50.0,
    "storm_p99_ms": 50.0,
    "storm_back_s": 60.0,
    "storm_missing": 0.0,
}

# The first boxes load code and fill caches that no later one pays for.
_WARM_UP = 50
# Boxes that stay connected while the others come back, and are visited then.
_STAYING = 500
_SETTLE_S = 5.0
# Of agents that come for the first time, each of which is a commit.
_AT_ONCE = 100
# A box that has not come back by then is one that was refused for good.
_GIVEN_UP_S = 180.0
_SAMPLES_PER_S = 199


async def run(report: Report, args: argparse.Namespace) -> None:
    count = args.boxes
    with bench_folder() as folder:
        async with nodes(folder, 1, count + _STAYING) as one:
            pid, address = one.children[0].pid, one.addresses[0]
            async with agents(_WARM_UP, [address]) as first:
                await ask_all(first, do="open", at_once=_AT_ONCE)
            await asyncio.sleep(_SETTLE_S)
            before = usage(pid)
            async with (
                agents(count, [address]) as crowd,
                agents(_STAYING, [address], first=count) as staying,
            ):
                replies = await ask_all([*crowd, *staying], do="open", at_once=_AT_ONCE)
                opened = usage(pid)
                await asyncio.sleep(_SETTLE_S)
                kb = (usage(pid).uss_kb - before.uss_kb) / (count + _STAYING)
                found = {"kb_per_box": round(kb, 2)}
                report.line(
                    bench="coord",
                    case="memory",
                    boxes=count + _STAYING,
                    **found,
                    opened_s=round(max(reply["seconds"] for reply in replies), 1),
                    cpu_ms_per_box=round(
                        1000 * (opened.cpu_s - before.cpu_s) / (count + _STAYING), 2
                    ),
                )
                # Pings go every 25 s: whole rounds of them are measured.
                began, used = time.monotonic(), cpu_s(pid)
                await asyncio.sleep(max(args.seconds, 50.0))
                percent = 100 * (cpu_s(pid) - used) / (time.monotonic() - began)
                found["idle_cpu_percent"] = round(percent, 2)
                report.line(bench="coord", case="idle", boxes=count, cpu_percent=round(percent, 2))
                (names,) = await ask_all(staying, do="aliases")
                visitors = await Child.start("bench.coord.visitors", address)
                try:
                    command = {
                        "do": "introduce",
                        "aliases": names["aliases"],
                        "per_s": args.per_second,
                    }
                    used = cpu_s(pid)
                    got = await visitors.ask(
                        {**command, "seconds": args.seconds}, timeout_s=args.seconds + 60
                    )
                    used = cpu_s(pid) - used
                    report.line(
                        bench="coord",
                        case="introductions",
                        boxes=count,
                        per_s=args.per_second,
                        **_shown(got),
                        cpu_ms_each=round(1000 * used / max(1, len(got["took_ms"])), 3),
                    )
                    found["calm_p99_ms"] = _p99(got["took_ms"])
                    found |= await _storm(report, args, pid, crowd, visitors, command)
                finally:
                    await visitors.end()
    _judge(report, args, found)


async def _storm(
    report: Report,
    args: argparse.Namespace,
    pid: int,
    crowd: list[Child],
    visitors: Child,
    command: dict[str, Any],
) -> dict[str, float]:
    """All connections but those that are visited end at once; the process stays, as it is its work
    that is measured. Visits go on beside it.
    """
    perf = shutil.which("perf") if os.geteuid() == 0 else None
    before = await ask_all(crowd, do="online")
    used, window_s = cpu_s(pid), TARGETS["storm_back_s"]
    visiting = asyncio.create_task(
        visitors.ask({**command, "seconds": window_s}, timeout_s=window_s + 120)
    )
    if perf is None:
        samples, replies = [], await _cut(crowd)
    else:
        async with sampled(perf, (pid,), per_s=_SAMPLES_PER_S) as samples:
            replies = await _cut(crowd)
    used = cpu_s(pid) - used
    got = await visiting
    back_s = max(reply["seconds"] for reply in replies)
    beside = [ms for ms, at in zip(got["took_ms"], got["at_s"], strict=True) if at <= back_s]
    report.line(
        bench="coord",
        case="storm",
        boxes=args.boxes,
        back_s=round(back_s, 1),
        missing=sum(reply["missing"] for reply in replies),
        tries=_more("refused", replies, before),
        told_when=_more("told", replies, before),
        cpu_s=round(used, 2),
        per_s=args.per_second,
        **shown(beside, got["failures"]),
    )
    if samples:
        parts = shares([frames for _, frames in samples])
        report.line(bench="coord", case="storm-profile", **{f"{k} %": v for k, v in parts.items()})
    return {
        "storm_p99_ms": _p99(beside),
        "storm_back_s": round(back_s, 1),
        "storm_missing": sum(reply["missing"] for reply in replies),
    }


async def _cut(crowd: list[Child]) -> list[Any]:
    await ask_all(crowd, do="cut")
    return await ask_all(crowd, do="back", within_s=_GIVEN_UP_S)


def _more(name: str, replies: list[Any], before: list[Any]) -> int:
    return sum(int(now[name]) - int(then[name]) for now, then in zip(replies, before, strict=True))


def _shown(got: dict[str, Any]) -> dict[str, Any]:
    return shown(got["took_ms"], got["failures"])


def _p99(took_ms: Sequence[float]) -> float:
    """Infinite if nobody was introduced."""
    return percentile(took_ms, 0.99) if took_ms else float("inf")


def _judge(report: Report, args: argparse.Namespace, found: dict[str, float]) -> None:
    for name, most in TARGETS.items():
        report.line(
            summary=True,
            bench="coord",
            case="targets",
            boxes=args.boxes,
            figure=name,
            found=found[name],
            at_most=most,
            held=found[name] <= most,
            load=round(os.getloadavg()[0], 1),
        )
