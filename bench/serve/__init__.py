"""serve: what a request costs the process that serves it, beside TLS reverse proxies of others.

The agent, Caddy and nginx stand before one upstream, each visited as it is meant to be: the agent
over links, the proxies over TLS and HTTP/2. They take turns in every run, so that what disturbs the
machine disturbs all. Only the processor time of the serving process is counted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.report import Report
from bench.serve.cases import CASES
from bench.serve.rounds import measure
from bench.serve.scene import PROXIES, scene


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    group = parser.add_argument_group("serve")
    group.add_argument("--case", nargs="+", choices=CASES, help="these alone")
    group.add_argument(
        "--beside", nargs="*", choices=PROXIES, default=list(PROXIES), help="these proxies alone"
    )
    group.add_argument(
        "--before", type=Path, metavar="FOLDER", help="also the agent of another built work tree"
    )
    group.add_argument(
        "--profile", action="store_true", help="also the share of each part, by perf; as root"
    )


async def run(report: Report, args: argparse.Namespace) -> None:
    """Raises UsageError where a program is missing, P2clawError `bench-child`."""
    names = args.case or list(CASES)
    cases = [CASES[name] for name in names]
    async with scene(args.beside, cases, before=args.before) as servers:
        for name in names:
            await measure(report, name, servers, runs=args.runs, profile=args.profile)
