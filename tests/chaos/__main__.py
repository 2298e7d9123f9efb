"""`python -m tests.chaos [MINUTES] [--seed N] [--json]`: faults at random beside 20 visitors.

Prints what was done and what became of it; exit code 1 if anything is wrong. `--no-clocks` leaves
the clocks alone, for a system where no library can be preloaded, and `--no-memory` lets nobody run
out of memory.
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

from tests.chaos.run import Figures, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of text")
    parser.add_argument("--no-clocks", action="store_true", help="leave the clocks alone")
    parser.add_argument("--no-memory", action="store_true", help="memory does not run out")
    parser.add_argument("--keep", type=Path, help="a new folder for the logs, which stays")
    args = parser.parse_args()
    print(f"» {args.minutes:g} minutes, seed {args.seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="p2claw-chaos-") as name:
        folder = args.keep or Path(name)
        folder.mkdir(exist_ok=True)
        figures = uvloop.run(
            run(
                folder,
                seconds=60 * args.minutes,
                seed=args.seed,
                clocks=not args.no_clocks,
                memory=not args.no_memory,
            )
        )
    _print(figures, as_json=args.json)
    return 1 if figures.wrong else 0


def _print(figures: Figures, *, as_json: bool) -> None:
    facts = figures.facts()
    if as_json:
        print(json.dumps(facts))
        return
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count}" for key, count in sorted(value.items()))
        print(f"{name}: {value}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
