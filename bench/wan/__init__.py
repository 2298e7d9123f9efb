"""wan: goodput over an emulated line between real processes, how a line is shared with TCP, and how
much of one visitors fill.

Needs root (network namespaces), /dev/net/tun, iproute2 and a C compiler.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from bench.pair import need_wrtc
from bench.peers import STACKS
from bench.report import Report
from bench.wan import fairness, goodput, lines, visitors
from bench.wan.flow import NODE_PEERS
from bench.wan.network import prepare
from bench.wan.terms import Terms
from bench.wan.visiting import BYS

CASES = {"goodput": goodput, "fairness": fairness}
VISITORS = "visitors"
SECONDS = {"goodput": 10.0, "fairness": 30.0, VISITORS: 10.0}
LINES = {"goodput": lines.LINES, "fairness": fairness.LINES, VISITORS: visitors.LINES}
SENDERS = {
    "goodput": ["p2claw", "aiortc", "wrtc", "node-datachannel"],
    "fairness": ["p2claw"],
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    group = parser.add_argument_group("wan")
    group.add_argument("--case", choices=[*CASES, VISITORS, "all"], default="all")
    group.add_argument(
        "--seconds", type=float, help="a run: 10 of goodput and visitors, 30 of fairness"
    )
    group.add_argument(
        "--sender",
        action="append",
        choices=[*STACKS, *NODE_PEERS],
        help="may be repeated; without it p2claw, aiortc, wrtc and node-datachannel",
    )
    group.add_argument(
        "--line",
        action="append",
        metavar="RTT_MS/MBIT/LOSS[/QUEUE_BYTES]",
        help="may be repeated; without it those of docs/dataplane/FIGURES.md",
    )
    group.add_argument(
        "--by", choices=BYS, nargs="+", default=list(BYS), help="visitors: who; all without it"
    )
    group.add_argument("--way", choices=visitors.WAYS, nargs="+", default=list(visitors.WAYS))
    group.add_argument(
        "--bootstrap", type=Path, metavar="DIR", help="visitors: another one, built with --out"
    )
    group.add_argument("--loss-back", type=float, default=0, help="percent, towards the sender")
    group.add_argument("--reorder", type=float, default=0, help="percent that come 10 ms later")
    group.add_argument("--black-hole", type=int, default=0, help="larger packets vanish, bytes")
    group.add_argument(
        "--sample-s", type=float, default=0, help="print what the sender's stack reports, so often"
    )
    group.add_argument(
        "--as-others",
        action="store_true",
        help="sender and receiver wait for the processor as all do; they come first otherwise",
    )


async def run(report: Report, args: argparse.Namespace) -> None:
    """Raises UsageError: `root-needed`, `tun-missing` and others of network.py; `line-unknown`;
    `wrtc-missing`, `peer-missing`."""
    asked = [lines.read_line(text) for text in args.line or ()]
    prepare()
    for name in [*CASES, VISITORS] if args.case == "all" else [args.case]:
        taken = [
            dataclasses.replace(
                line,
                loss_back_percent=args.loss_back,
                reorder_percent=args.reorder,
                largest_bytes=args.black_hole,
            )
            for line in asked or LINES[name]
        ]
        terms = Terms(
            runs=args.runs,
            seconds=args.seconds or SECONDS[name],
            sample_s=args.sample_s,
            real_time=not args.as_others,
        )
        if name == VISITORS:
            await visitors.run(
                *(report, terms),
                lines=taken,
                bys=args.by,
                ways=args.way,
                bootstrap=args.bootstrap,
            )
            continue
        need_wrtc()
        await CASES[name].run(report, terms, lines=taken, senders=args.sender or SENDERS[name])
