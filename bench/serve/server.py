"""A server that is measured: which processes serve, and how it is asked."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.processes import cpu_s
from bench.serve.cases import Case

# Loads one server with as many requests of a case; how long each took, in ms.
Load = Callable[[Case, int], Awaitable[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Server:
    """pids: of the processes that serve."""

    name: str
    pids: tuple[int, ...]
    load: Load


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run. cpu_us: user and system time of the serving processes per request.

    cpu_s_per_gb: the same per 10^9 bytes of bodies.
    """

    cpu_us: float
    cpu_s_per_gb: float
    p50_ms: float
    p99_ms: float
    requests_per_s: float

    def facts(self) -> Mapping[str, float]:
        return asdict(self)


async def measured(server: Server, case: Case, clock_s: Callable[[], float]) -> Figures:
    """Load a server once. clock_s: a clock of the wall, in seconds."""
    before_s, began_s = _cpu_s(server), clock_s()
    times_ms = sorted(await server.load(case, case.requests))
    took_s = clock_s() - began_s
    cpu_us = (_cpu_s(server) - before_s) * 1e6 / case.requests
    return Figures(
        cpu_us=round(cpu_us, 1),
        cpu_s_per_gb=round(cpu_us * 1e3 / case.bytes, 3),
        p50_ms=round(_percentile(times_ms, 0.50), 3),
        p99_ms=round(_percentile(times_ms, 0.99), 3),
        requests_per_s=round(case.requests / took_s, 1),
    )


def _percentile(in_order: Sequence[float], share: float) -> float:
    return in_order[math.ceil(share * len(in_order)) - 1]


def _cpu_s(server: Server) -> float:
    return sum(cpu_s(pid) for pid in server.pids)
