"""Prints runs and summaries, as text or JSON lines, each with the commit that was measured."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence

# As `spread` has them, in the order in which text shows them without their names.
_SPREAD = ("min", "median", "max")


class Report:
    """Writes one line a fact. JSON lines are for machines; text shows the same facts."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._commit = _commit()

    def line(self, **facts: object) -> None:
        facts["commit"] = self._commit
        if self._as_json:
            print(json.dumps(facts), flush=True)
        else:
            print("  ".join(f"{key}={_short(value)}" for key, value in facts.items()), flush=True)

    def progress(self, case: str, run: int, runs: int, what: str) -> None:
        """Print on standard error what begins now. run: counted from 0."""
        print(f"» {case}: run {run + 1} of {runs}, {what}", file=sys.stderr, flush=True)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Minimum, median and maximum, rounded for reading."""
    return {
        "min": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "max": round(max(values), 3),
    }


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Spread of ours over theirs, pair by pair: only runs made side by side are compared.

    A pair whose peer took no time that its clock can show has no ratio; empty if no pair has one.
    """
    pairs = [a / b for a, b in zip(ours, theirs, strict=True) if b]
    return spread(pairs) if pairs else {}


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, dict) and tuple(value) == _SPREAD:
        return "/".join(_short(item) for item in value.values())
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(item)}" for name, item in value.items())
    return str(value)


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
