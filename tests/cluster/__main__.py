"""`python -m tests.cluster [MINUTES] [--seed N] [--json]`: faults at random in a cluster of nodes.

50 boxes, 20 visits per second, in a network of its own: as root. Prints a table of what was done
and what it led to; exit code 1 if anything is wrong. `--only "kill node"` does that alone.
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

from p2claw.errors import UsageError
from tests.cluster.faults import FAULTS
from tests.cluster.network import own_network
from tests.cluster.rows import table
from tests.cluster.run import run

NODES = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", action="append", default=[], choices=sorted(FAULTS))
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of text")
    parser.add_argument("--keep", type=Path, help="a new folder for the logs, which stays")
    args = parser.parse_args()
    print(f"» {args.minutes:g} minutes, seed {args.seed}", file=sys.stderr, flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="p2claw-cluster-") as name,
        own_network(NODES) as places,
    ):
        folder = args.keep or Path(name)
        folder.mkdir(exist_ok=True)
        asked = {"seconds": 60 * args.minutes, "seed": args.seed, "only": args.only}
        figures = uvloop.run(run(folder, places, **asked))
    if args.json:
        print(json.dumps(figures.facts()))
    else:
        print(table(figures.rows))
        for key, value in figures.facts().items():
            if key != "rows":
                print(f"{key}: {value}")
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UsageError as error:
        sys.exit(f"{error.message}\n{error.hint or ''}".strip())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
