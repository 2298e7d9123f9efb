"""`python -m bench.scale CASE [--json] [--runs N] [--visitors N] [--seconds S]`: many visitors."""

from __future__ import annotations

import argparse
import asyncio
import sys

from bench.report import Report
from bench.scale import churn, downloads, idle

CASES = {"idle": idle, "downloads": downloads, "churn": churn}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--json", action="store_true", help="JSON lines instead of text")
    parser.add_argument("--runs", type=int, default=1, help="how often, each with a new agent")
    parser.add_argument("--visitors", type=int, help="how many links")
    parser.add_argument("--seconds", type=float, help="how long it is measured")
    args = parser.parse_args()
    case = CASES[args.case]
    asyncio.run(
        case.run(
            Report(as_json=args.json),
            runs=args.runs,
            visitors=args.visitors or case.VISITORS,
            seconds=args.seconds or case.SECONDS,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
