"""nodes: introductions per processor second of one, two and three nodes, interleaved.

Boxes and visitors are spread evenly, so of n nodes a visitor's is that of the box once in n times.
"""

from __future__ import annotations

import argparse

from bench.coord.scene import agents, ask_all, nodes, shown
from bench.path import bench_folder
from bench.processes import Child
from bench.report import Report, ratios, spread
from tests.support.postgresql import postgresql
from tests.support.redis_server import redis_server

COUNTS = (1, 2, 3)
# Where nodes listen for each other; "": their messages go through Redis.
WAYS = {"trunks": "127.0.0.1:0", "streams": ""}
_BOXES = 300
_AT_ONCE = 50
_WARM_UP_S = 2.0


async def run(report: Report, args: argparse.Namespace) -> None:
    kinds = [(count, way) for count in COUNTS for way in WAYS if count > 1 or way == "trunks"]
    each_ms: dict[tuple[int, str], list[float]] = {kind: [] for kind in kinds}
    with bench_folder() as folder, postgresql() as pg, redis_server() as rd:
        for number in range(args.runs):
            for count, way in kinds:
                report.progress("nodes", number, args.runs, f"{count} nodes, {way}")
                rd.forget_all()
                shared = (pg.emptied_database(), rd.url, WAYS[way])
                place = folder / f"run{number}-{count}-{way}"
                async with (
                    nodes(place, count, _BOXES, shared) as some,
                    agents(_BOXES, some.addresses) as crowd,
                ):
                    await ask_all(crowd, do="open", at_once=_AT_ONCE)
                    aliases = (await ask_all(crowd, do="aliases"))[0]["aliases"]
                    visitors = await Child.start("bench.coord.visitors", *some.addresses)
                    try:
                        command = {"do": "introduce", "aliases": aliases, "per_s": args.per_second}
                        await visitors.ask({**command, "seconds": _WARM_UP_S})
                        used, bus = some.cpu_s(), rd.cpu_s()
                        seconds = args.seconds
                        got = await visitors.ask(
                            {**command, "seconds": seconds}, timeout_s=seconds + 60
                        )
                        used, bus = some.cpu_s() - used, rd.cpu_s() - bus
                    finally:
                        await visitors.end()
                done = max(1, len(got["took_ms"]))
                each_ms[count, way].append(1000 * used / done)
                report.line(
                    bench="coord",
                    case="nodes",
                    run=number,
                    nodes=count,
                    way=way,
                    **shown(got["took_ms"], got["failures"]),
                    cpu_ms_each=round(1000 * used / done, 3),
                    redis_cpu_ms_each=round(1000 * bus / done, 3),
                )
    for (count, way), took_ms in each_ms.items():
        report.line(
            summary=True,
            bench="coord",
            case="nodes",
            nodes=count,
            way=way,
            cpu_ms_each=spread(took_ms),
            per_cpu_second_of_one=ratios(each_ms[1, "trunks"], took_ms),
        )
