"""boxes: many boxes on one node with SQLite, doing nothing, being visited, coming back at once."""

from __future__ import annotations

import argparse
import asyncio
import time

from bench.coord.scene import agents, ask_all, nodes, shown
from bench.path import bench_folder
from bench.processes import Child, cpu_s
from bench.report import Report
from bench.scale.usage import usage

# The first boxes load code and fill caches that no later one pays for.
_WARM_UP = 50
_SETTLE_S = 5.0
# Of agents that come for the first time, each of which is a commit.
_AT_ONCE = 100


async def run(report: Report, args: argparse.Namespace) -> None:
    count = args.boxes
    with bench_folder() as folder:
        async with nodes(folder, 1, count) as one:
            pid, address = one.children[0].pid, one.addresses[0]
            async with agents(_WARM_UP, [address]) as first:
                await ask_all(first, do="open", at_once=_AT_ONCE)
            await asyncio.sleep(_SETTLE_S)
            before = usage(pid)
            async with agents(count, [address]) as crowd:
                replies = await ask_all(crowd, do="open", at_once=_AT_ONCE)
                opened = usage(pid)
                await asyncio.sleep(_SETTLE_S)
                after = usage(pid)
                report.line(
                    bench="coord",
                    case="memory",
                    boxes=count,
                    kb_per_box=round((after.uss_kb - before.uss_kb) / count, 2),
                    opened_s=round(max(reply["seconds"] for reply in replies), 1),
                    cpu_ms_per_box=round(1000 * (opened.cpu_s - before.cpu_s) / count, 2),
                )
                # Pings go every 25 s: whole rounds of them are measured.
                began, used = time.monotonic(), cpu_s(pid)
                await asyncio.sleep(max(args.seconds, 50.0))
                percent = 100 * (cpu_s(pid) - used) / (time.monotonic() - began)
                report.line(bench="coord", case="idle", boxes=count, cpu_percent=round(percent, 2))
                aliases = [
                    a for reply in await ask_all(crowd, do="aliases") for a in reply["aliases"]
                ]
                visitors = await Child.start("bench.coord.visitors", address)
                try:
                    used = cpu_s(pid)
                    command = {"do": "introduce", "aliases": aliases[:2_000]}
                    rate = {"per_s": args.per_second, "seconds": args.seconds}
                    got = await visitors.ask({**command, **rate}, timeout_s=args.seconds + 60)
                    used = cpu_s(pid) - used
                finally:
                    await visitors.end()
                report.line(
                    bench="coord",
                    case="introductions",
                    boxes=count,
                    per_s=args.per_second,
                    **shown(**got),
                    cpu_ms_each=round(1000 * used / max(1, len(got["took_ms"])), 3),
                )
                await _storm(report, args, pid, crowd)


async def _storm(report: Report, args: argparse.Namespace, pid: int, crowd: list[Child]) -> None:
    """All connections end at once; the process stays, as it is its work that is measured."""
    before = [reply["refused"] for reply in await ask_all(crowd, do="online")]
    used = cpu_s(pid)
    await ask_all(crowd, do="cut")
    replies = await ask_all(crowd, do="back")
    report.line(
        bench="coord",
        case="storm",
        boxes=args.boxes,
        back_s=round(max(reply["seconds"] for reply in replies), 1),
        tries=sum(reply["refused"] for reply in replies) - sum(before),
        cpu_s=round(cpu_s(pid) - used, 2),
        cpu_ms_per_box=round(1000 * (cpu_s(pid) - used) / args.boxes, 2),
    )
