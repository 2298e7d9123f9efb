"""scale: many visitors on one agent. One file a case.

Agent and visitors are on one machine, and share its cores: lines show how much of them the agent
used, all visitors together, and the rest, nginx and strangers among it.
"""

from __future__ import annotations

import argparse

from bench.report import Report
from bench.scale import churn, downloads, idle, leaving, opening
from bench.scale.plan import PLANES, Plan

CASES = {
    "idle": idle,
    "downloads": downloads,
    "opening": opening,
    "leaving": leaving,
    "churn": churn,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    group = parser.add_argument_group("scale")
    group.add_argument("--case", choices=[*CASES, "all"], default="all")
    group.add_argument("--visitors", type=int, help="how many; each case has its own number")
    group.add_argument("--seconds", type=float, help="how long it is measured; each case its own")
    group.add_argument("--plane", choices=PLANES, default="p2claw", help="under the agent's links")


async def run(report: Report, args: argparse.Namespace) -> None:
    """Raises P2clawError where a link does not open, or is lost."""
    for name in CASES if args.case == "all" else [args.case]:
        case = CASES[name]
        plan = Plan(
            runs=args.runs,
            visitors=args.visitors or case.VISITORS,
            seconds=args.seconds or case.SECONDS,
            plane=args.plane,
        )
        await case.run(report, plan)
