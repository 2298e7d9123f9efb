"""How much of a line each stack fills, alone on it, from its first byte on."""

from __future__ import annotations

import contextlib
import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bench.report import Report
from bench.wan.flow import Flow, Flown
from bench.wan.lines import Line
from bench.wan.network import network
from bench.wan.terms import Terms

MB = 1_000_000


async def run(
    report: Report, terms: Terms, *, lines: Sequence[Line], senders: Sequence[str]
) -> None:
    """Every sender on every line in turn, `runs` times; then a summary line for each."""
    rates: dict[tuple[Line, str], list[float]] = defaultdict(list)
    for number in range(terms.runs):
        for line in lines:
            for sender in senders:
                flown, counts = await _fly(line, sender, terms, seed=number)
                facts = _facts(line, flown, terms.seconds, counts)
                rates[line, sender].append(facts["mb_per_s"])
                report.line(
                    bench="wan", case="goodput", sender=sender, run=number, **line.facts(), **facts
                )
                for sample in flown.samples:
                    report.line(bench="wan", case="sample", sender=sender, run=number, **sample)
    for (line, sender), measured in rates.items():
        median = statistics.median(measured)
        report.line(
            summary=True,
            bench="wan",
            case="goodput",
            sender=sender,
            **line.facts(),
            mb_per_s=round(median, 2),
            of_link=round(median * MB / line.bytes_per_s, 3),
            min=min(measured),
            max=max(measured),
            runs=terms.runs,
            seconds=terms.seconds,
            real_time=terms.real_time,
        )


async def _fly(line: Line, sender: str, terms: Terms, seed: int) -> tuple[Flown, dict[str, Any]]:
    """One run on a network of its own, and what the emulator counted on the way there."""
    there, back = line.directions()
    async with network(there, back, seed=seed) as made, contextlib.AsyncExitStack() as ends:
        flow = await Flow.open(sender, made, ends, real_time=terms.real_time)
        flown = await flow.run(terms.seconds, sample_s=terms.sample_s)
    return flown, made.counts["a_to_b"]


def _facts(line: Line, flown: Flown, seconds: float, counts: dict[str, Any]) -> dict[str, float]:
    gigabytes = max(1, flown.total_bytes) / 1e9
    return {
        "mb_per_s": round(flown.total_bytes / MB / seconds, 2),
        "of_link": round(flown.total_bytes / seconds / line.bytes_per_s, 3),
        "sender_cpu_s_per_gb": round(flown.sender_cpu_s / gigabytes, 2),
        "receiver_cpu_s_per_gb": round(flown.receiver_cpu_s / gigabytes, 2),
        "queue_drops": counts["queue_drops"],
        "losses": counts["losses"],
        "receiver_drops": flown.receiver_drops,
        "queue_most_bytes": counts["queue_most_bytes"],
        "late_p99_us": counts["late_p99_us"],
    }
