"""`python -m bench NAME [--json] [--runs N]`: runs one case and prints it, a line a run."""

from __future__ import annotations

import argparse
import asyncio
import sys

from bench import whole_path
from bench.report import Report

CASES = {"whole-path": whole_path}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=[*CASES, "all"])
    parser.add_argument("--json", action="store_true", help="JSON lines instead of text")
    parser.add_argument("--runs", type=int, default=5, help="interleaved runs of each side")
    parser.add_argument("--mb", type=int, default=200, help="megabytes a run")
    args = parser.parse_args()
    report = Report(as_json=args.json)
    for name in CASES if args.name == "all" else [args.name]:
        asyncio.run(CASES[name].run(report, runs=args.runs, megabytes=args.mb))
    return 0


if __name__ == "__main__":
    sys.exit(main())
