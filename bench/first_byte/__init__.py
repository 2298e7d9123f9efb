"""first-byte: how many round trips until the app's first byte, beside nginx with TLS 1.3.

Visitor, coordinator with edge, and box are hosts of a laboratory, and every path between two of
them has the same round trip. A figure at one round trip is milliseconds; the line through the
figures at all of them tells round trips and the rest, which is computing.
"""

from __future__ import annotations

import argparse

from bench.first_byte.lines import add_lines
from bench.first_byte.scene import BYS, first_byte_scene
from bench.first_byte.visits import Visits, measure
from bench.report import Report
from tests.lab.nats import NATS

RTTS_MS = (20.0, 50.0, 150.0)
LOSSES_PERCENT = (0.0, 3.0)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    group = parser.add_argument_group("first-byte")
    group.add_argument("--rtt", type=float, nargs="+", default=RTTS_MS, help="milliseconds")
    group.add_argument("--loss", type=float, nargs="+", default=LOSSES_PERCENT, help="percent")
    group.add_argument("--browser", choices=BYS, nargs="+", default=list(BYS), help="or fetch")
    group.add_argument("--nat", choices=NATS, default="port", help="in front of visitor and box")
    group.add_argument(
        "--public", action="store_true", help="the box has an address of its own, and is dialled"
    )


async def run(report: Report, args: argparse.Namespace) -> None:
    """Raises UsageError where it cannot work here, P2clawError where a page fails."""
    for by in args.browser:
        for loss_percent in args.loss:
            rows: dict[float, Visits] = {}
            for rtt_ms in args.rtt:
                async with first_byte_scene(
                    by,
                    rtt_ms=rtt_ms,
                    loss_percent=loss_percent,
                    nat=args.nat,
                    public=args.public,
                ) as scene:
                    rows[rtt_ms] = await measure(report, scene, runs=args.runs)
            add_lines(report, rows, browser=by, loss_percent=loss_percent)
