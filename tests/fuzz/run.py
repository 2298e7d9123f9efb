"""Feeds seeded random inputs to the decoders: `python -m tests.fuzz.run --inputs 1000000`.

The same seed gives the same inputs. A find is printed with its input in hex; the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from dataclasses import dataclass
from random import Random

from p2claw.errors import RemoteProtocolError
from tests.fuzz.mutate import inputs
from tests.fuzz.targets import Target, load


@dataclass
class Outcome:
    """What became of the inputs of one target."""

    accepted: int = 0
    refused: int = 0
    find: bytes | None = None


def fuzz(target: Target, count: int, seed: int) -> Outcome:
    """Feed count inputs, or fewer where one is a find."""
    outcome = Outcome()
    for data in inputs(target.seeds, count, Random(f"{target.name} {seed}")):
        try:
            target.run(data)
        except RemoteProtocolError:
            outcome.refused += 1
        except Exception:
            traceback.print_exc()
            outcome.find = data
            break
        else:
            outcome.accepted += 1
    return outcome


def main() -> int:
    """The exit code: 0 where nothing was found."""
    targets = load()
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=[*sorted(targets), "all"], default="all")
    options = parser.parse_args()
    found = False
    for name in sorted(targets) if options.target == "all" else [options.target]:
        began = time.perf_counter()
        outcome = fuzz(targets[name], options.inputs, options.seed)
        took_s = time.perf_counter() - began
        print(
            f"target={name} seed={options.seed} inputs={outcome.accepted + outcome.refused}"
            f" accepted={outcome.accepted} refused={outcome.refused}"
            f" finds={int(outcome.find is not None)} seconds={took_s:.1f}",
            flush=True,
        )
        if outcome.find is not None:
            found = True
            print(f"  input: {outcome.find.hex()}")
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
