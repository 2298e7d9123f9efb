"""`python -m bench NAME [--json] [--runs N]`: runs one case and prints it, a line a run."""

from __future__ import annotations

import argparse
import asyncio
import sys

from bench import wan, whole_path
from bench.report import Report
from p2claw.errors import P2clawError

CASES = {"whole-path": whole_path, "wan": wan}
# What runs anywhere: wan needs root.
ALL = ["whole-path"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=[*CASES, "all"])
    parser.add_argument("--json", action="store_true", help="JSON lines instead of text")
    parser.add_argument("--runs", type=int, default=5, help="interleaved runs of each side")
    parser.add_argument("--mb", type=int, default=200, help="megabytes a run")
    wan.add_options(parser)
    args = parser.parse_args()
    report = Report(as_json=args.json)
    try:
        for name in ALL if args.name == "all" else [args.name]:
            asyncio.run(CASES[name].run(report, args))
    except P2clawError as error:
        print(f"error: {error} ({error.code})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
