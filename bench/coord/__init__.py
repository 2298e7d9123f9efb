"""coord: what boxes and introductions cost the coordinator, with light agents.

`boxes`: memory per box, processor of boxes that do nothing, introductions beside them, and all
boxes coming back at once after their connections have ended. `nodes`: introductions per processor
second of one, two and three nodes, with their store and bus. `visits`: bytes and processor of one
visit of a real browser.

Agents, visitors and nodes share the cores of one machine: latencies are those of a machine that is
as busy as it is. Processor seconds are those of the nodes alone.
"""

from __future__ import annotations

import argparse

from bench.coord import boxes, nodes, visits
from bench.report import Report

CASES = {"boxes": boxes.run, "nodes": nodes.run, "visits": visits.run}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    group = parser.add_argument_group("coord")
    group.add_argument("--case", choices=[*CASES, "all"], default="all")
    group.add_argument("--boxes", type=int, default=20_000, help="light agents (20000)")
    group.add_argument("--per-second", type=float, default=200.0, help="introductions (200)")
    group.add_argument("--seconds", type=float, default=30.0, help="of each measurement (30)")


async def run(report: Report, args: argparse.Namespace) -> None:
    """Raises P2clawError where a box is not let in."""
    for name in CASES if args.case == "all" else [args.case]:
        await CASES[name](report, args)
