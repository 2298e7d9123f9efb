"""costs: what n things that a peer chooses cost, for n, 2n and 4n. One file a part of the program.

A peer picks the order, the kind and the number of what it sends; the cost must grow with the number
alone. Each case is the worst order that is known. `growth` is the time of 4n over that of n: near 4
if each thing costs the same, 16 if each costs more with every one before it.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.report import Report, spread

STEPS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Case:
    """One list or table that a peer fills. n: the least number; 4 n is within its limit.

    make: builds all that the peer sends and returns what is measured.
    """

    n: int
    make: Callable[[int], Callable[[], object]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    parser.add_argument("--case", nargs="+", choices=cases(), help="these alone")


def cases() -> dict[str, Case]:
    """All cases, by name."""
    # They need Case from here.
    from bench.costs import association, introductions, sessions, upstreams

    return {**association.CASES, **sessions.CASES, **upstreams.CASES, **introductions.CASES}


def run(report: Report, args: argparse.Namespace) -> None:
    """Print a line a case: processor milliseconds at each size, the least of the runs."""
    found = cases()
    for name in args.case or found:
        case = found[name]
        took: dict[int, list[float]] = {step: [] for step in STEPS}
        for turn in range(args.runs):
            report.progress(name, turn, args.runs, f"{case.n} to {case.n * STEPS[-1]}")
            for step in STEPS:
                took[step].append(milliseconds(case.make(case.n * step)))
        least = {f"ms_{case.n * step}": round(min(took[step]), 3) for step in STEPS}
        growths = [last / first for first, last in zip(took[1], took[STEPS[-1]], strict=True)]
        report.line(case=name, n=case.n, **least, growth=spread(growths))


def milliseconds(measured: Callable[[], object]) -> float:
    """Processor time of one call, without the cycle collector, which looks at the whole program at
    moments of its own."""
    gc.collect()
    gc.disable()
    try:
        begun = time.process_time()
        measured()
        return (time.process_time() - begun) * 1e3
    finally:
        gc.enable()
