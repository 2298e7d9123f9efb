"""python -m tests.autobahn [--browser chromium|firefox] [--include PATTERN,…]
[--exclude PATTERN,…]: run the cases on both sides, print what differs and why, exit with 1 when
something does without a reason."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import textwrap
from collections import Counter
from itertools import groupby
from pathlib import Path

from tests.autobahn.compare import Difference, compare
from tests.autobahn.run import Outcomes, run

FOLDER = Path(__file__).parents[2] / "build" / "autobahn"
BROWSERS = ("chromium", "firefox")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.autobahn", description=__doc__)
    parser.add_argument("--browser", choices=BROWSERS)
    parser.add_argument("--include", default="", help="ids of cases, with * and commas between")
    parser.add_argument("--exclude", default="", help="ids of cases, with * and commas between")
    given = parser.parse_args()
    kinds = (given.browser,) if given.browser else BROWSERS
    include, exclude = (
        [one for one in text.split(",") if one] for text in (given.include, given.exclude)
    )
    shutil.rmtree(FOLDER, ignore_errors=True)
    log = lambda text: print(f"» {text}", file=sys.stderr, flush=True)  # noqa: E731
    outcomes = asyncio.run(run(kinds, include, exclude, FOLDER, log))
    return max(_report(kind, cases) for kind, cases in outcomes.items())


def _report(kind: str, cases: Outcomes) -> int:
    print(f"\n{kind}: {len(cases)} cases")
    for side in ("direct", "through"):
        passed = Counter(f"{cases[id][side].messages} / {cases[id][side].end}" for id in cases)
        print(f"  {side}: " + ", ".join(f"{count} {name}" for name, count in passed.most_common()))
    differences = [*compare(kind, cases)]
    alike = groupby(sorted(differences, key=_likeness), key=_likeness)
    for (reason, fact, direct, through), group in alike:
        print(f"  {fact}: {direct} -> {through}, as {reason or 'NOBODY KNOWS'}")
        print(
            textwrap.fill(
                ", ".join(one.case for one in group),
                100,
                initial_indent=" " * 4,
                subsequent_indent=" " * 4,
            )
        )
    return int(any(not one.reason for one in differences))


def _likeness(one: Difference) -> tuple[str, str, str, str]:
    return one.reason, one.fact, str(one.direct), str(one.through)


if __name__ == "__main__":
    raise SystemExit(main())
