"""Runs contenders one after the other, again and again, and writes a line a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from bench.report import Report


class Measured(Protocol):
    """What one run of one side gave."""

    def facts(self) -> Mapping[str, float]: ...


T = TypeVar("T", bound=Measured)


@dataclass(frozen=True, slots=True)
class Contender(Generic[T]):
    """Who takes part. measure: does one run."""

    sender: str
    receiver: str
    measure: Callable[[], Awaitable[T]]


async def interleaved(
    report: Report, case: str, runs: int, contenders: Sequence[Contender[T]]
) -> dict[str, list[T]]:
    """Every one once a run, so that what disturbs the machine disturbs all; by sender."""
    done: dict[str, list[T]] = {one.sender: [] for one in contenders}
    for number in range(runs):
        for one in contenders:
            report.progress(case, number, runs, f"{one.sender} to {one.receiver}")
            measured = await one.measure()
            done[one.sender].append(measured)
            report.line(
                bench="dataplane",
                case=case,
                sender=one.sender,
                receiver=one.receiver,
                run=number,
                **measured.facts(),
            )
    return done
