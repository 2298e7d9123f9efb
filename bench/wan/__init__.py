"""wan: goodput over an emulated line between real processes, and how a line is shared with TCP.

Needs root (network namespaces), /dev/net/tun, iproute2 and a C compiler.
"""

from __future__ import annotations

import argparse

from bench.peers import STACKS
from bench.report import Report
from bench.wan import fairness, goodput
from bench.wan.flow import NODE_PEERS
from bench.wan.lines import LINES, read_line
from bench.wan.network import prepare
from bench.wan.terms import Terms

CASES = {"goodput": goodput, "fairness": fairness}
SECONDS = {"goodput": 10.0, "fairness": 30.0}
SENDERS = {
    "goodput": ["p2claw", "aiortc", "wrtc", "node-datachannel"],
    "fairness": ["p2claw"],
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    group = parser.add_argument_group("wan")
    group.add_argument("--case", choices=[*CASES, "all"], default="all")
    group.add_argument("--seconds", type=float, help="a run: 10 of goodput, 30 of fairness")
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
        help="may be repeated; without it those of docs/DATAPLANE.md",
    )
    group.add_argument(
        "--sample-s", type=float, default=0, help="print what the sender's stack tells, so often"
    )
    group.add_argument(
        "--as-others",
        action="store_true",
        help="sender and receiver wait for the processor as all do; they come first otherwise",
    )


async def run(report: Report, args: argparse.Namespace) -> None:
    """Raises UsageError: `root-needed`, `tun-missing` and others of network.py; `line-unknown`."""
    lines = [read_line(text) for text in args.line or ()]
    prepare()
    for name in CASES if args.case == "all" else [args.case]:
        await CASES[name].run(
            report,
            Terms(
                runs=args.runs,
                seconds=args.seconds or SECONDS[name],
                sample_s=args.sample_s,
                real_time=not args.as_others,
            ),
            lines=lines or (LINES if name == "goodput" else fairness.LINES),
            senders=args.sender or SENDERS[name],
        )
