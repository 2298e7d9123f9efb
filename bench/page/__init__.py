"""page: what a person's browser notices of the tunnel, beside the same page from its own server.

Every case runs in real browsers, each side once a run, in turn. Times are the browser's own, from
the beginning of the tab's navigation: no word to the driver is part of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from bench.page import bulk, gallery, small, visits
from bench.page.scene import page_scene
from bench.report import Report
from tests.support.browser import Kind

CASES = {"visits": visits, "small": small, "gallery": gallery, "bulk": bulk}
KINDS: tuple[Kind, ...] = get_args(Kind)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    group = parser.add_argument_group("page")
    group.add_argument("--case", choices=CASES, nargs="+", default=list(CASES))
    group.add_argument("--browser", choices=KINDS, nargs="+", default=list(KINDS))
    group.add_argument(
        "--old", type=Path, metavar="DIR", help="another bootstrap, built with --out, in turn"
    )


async def run(report: Report, args: argparse.Namespace) -> None:
    """Raises UsageError where nginx or a browser is missing, P2clawError where a page fails."""
    for kind in args.browser:
        for name in args.case:
            async with page_scene(kind, args.mb, args.old) as scene:
                await CASES[name].run(report, scene, runs=args.runs)
