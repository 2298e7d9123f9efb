"""One of our flows and one of the kernel's TCP through one queue: who gets how much of it.

Measured while both run, either first. A flow that was there before has filled the queue by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bench.peers import tcp
from bench.report import Report
from bench.wan.flow import Flow, Flown
from bench.wan.lines import Line, of_one_bdp
from bench.wan.network import network
from bench.wan.terms import Terms

MB = 1_000_000
HEAD_START_S = 3
TCP = "tcp"
LINES = [of_one_bdp(50, 100, 0), of_one_bdp(20, 100, 0)]
# Neither flow should have more than this part of what both got.
LARGEST_SHARE = 0.7


async def run(
    report: Report, terms: Terms, *, lines: Sequence[Line], senders: Sequence[str]
) -> None:
    """Each sender beside TCP on every line, either first; then a summary for each."""
    shares: dict[tuple[Line, str, str], list[float]] = defaultdict(list)
    filled: dict[tuple[Line, str, str], list[float]] = defaultdict(list)
    for number in range(terms.runs):
        for line in lines:
            for sender in senders:
                for first in (sender, TCP):
                    flown, counts = await _fly(line, sender, first, terms, seed=number)
                    facts = _facts(line, sender, first, flown, terms.seconds, counts)
                    shares[line, sender, first].append(facts["share"])
                    filled[line, sender, first].append(facts["of_link"])
                    facts[f"share_{_short(sender)}"] = facts.pop("share")
                    report.line(
                        bench="wan",
                        case="fairness",
                        sender=sender,
                        first=first,
                        run=number,
                        **line.facts(),
                        **facts,
                    )
                    for stack in flown:
                        for sample in flown[stack].samples:
                            report.line(
                                bench="wan", case="sample", sender=stack, run=number, **sample
                            )
    for (line, sender, first), measured in shares.items():
        median = statistics.median(measured)
        report.line(
            summary=True,
            bench="wan",
            case="fairness",
            sender=sender,
            first=first,
            **line.facts(),
            **{f"share_{_short(sender)}": round(median, 3)},
            share_tcp=round(1 - median, 3),
            min=min(measured),
            max=max(measured),
            of_link=round(statistics.median(filled[line, sender, first]), 3),
            is_fair=max(median, 1 - median) <= LARGEST_SHARE,
            runs=terms.runs,
            seconds=terms.seconds,
            real_time=terms.real_time,
        )


async def _fly(
    line: Line, sender: str, first: str, terms: Terms, seed: int
) -> tuple[dict[str, Flown], dict[str, Any]]:
    """Both flows, by stack, and what the emulator counted on the way there."""
    there, back = line.directions()
    async with network(there, back, seed=seed) as made, contextlib.AsyncExitStack() as ends:
        flows = {
            stack: await Flow.open(stack, made, ends, real_time=terms.real_time)
            for stack in (sender, TCP)
        }
        second = TCP if first == sender else sender
        async with asyncio.TaskGroup() as both:
            early = both.create_task(
                flows[first].run(HEAD_START_S + terms.seconds, sample_s=terms.sample_s)
            )
            await asyncio.sleep(HEAD_START_S)
            late = both.create_task(flows[second].run(terms.seconds, sample_s=terms.sample_s))
    return {first: early.result(), second: late.result()}, made.counts["a_to_b"]


def _facts(
    line: Line,
    sender: str,
    first: str,
    flown: dict[str, Flown],
    seconds: float,
    counts: dict[str, Any],
) -> dict[str, Any]:
    began = flown[TCP if first == sender else sender].began
    ours, theirs = (flown[stack].between(began, began + seconds) for stack in (sender, TCP))
    control = flown[TCP].stats["controller"]
    if control != tcp.CONTROL:
        raise RuntimeError(f"TCP ran under {control}, not {tcp.CONTROL}")
    both = max(1, ours + theirs)
    return {
        "share": round(ours / both, 3),
        "share_tcp": round(theirs / both, 3),
        "mb_per_s": round(ours / MB / seconds, 2),
        "tcp_mb_per_s": round(theirs / MB / seconds, 2),
        "of_link": round(both / seconds / line.bytes_per_s, 3),
        "tcp_controller": control,
        "tcp_retransmits": flown[TCP].stats["retransmits"],
        "queue_drops": counts["queue_drops"],
        "late_p99_us": counts["late_p99_us"],
    }


def _short(sender: str) -> str:
    return sender.replace("-", "_")
