"""`python -m tests.cluster [MINUTES] [--seed N] [--json]`: faults at random in a cluster of nodes.

50 boxes, 20 visits per second. Prints what was done, for how long, and how long after it every box
was visited again; exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from pathlib import Path

import uvloop

from tests.cluster.run import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of text")
    parser.add_argument("--keep", type=Path, help="a new folder for the logs, which stays")
    args = parser.parse_args()
    print(f"» {args.minutes:g} minutes, seed {args.seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="p2claw-cluster-") as name:
        folder = args.keep or Path(name)
        folder.mkdir(exist_ok=True)
        figures = uvloop.run(run(folder, seconds=60 * args.minutes, seed=args.seed))
    if args.json:
        print(json.dumps(figures.facts()))
    else:
        for fault, took_s, back_s in figures.rows:
            print(f"{fault:<32}{took_s:>8.1f} s, all back {back_s:>5.1f} s after")
        for key, value in figures.facts().items():
            if key != "rows":
                print(f"{key}: {value}")
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
