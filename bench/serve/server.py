"""A server that is measured: which processes serve, and how it is asked."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from bench.port import no_port
from bench.processes import cpu_s
from bench.serve.cases import Case

# Loads one server with as many requests of a case; how long each took, in ms.
Load = Callable[[Case, int], Awaitable[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Server:
    """pids: of the processes that serve. port: counts of an agent's UDP port, by name, or none."""

    name: str
    pids: tuple[int, ...]
    load: Load
    port: Callable[[], Awaitable[dict[str, int]]] = no_port


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run. cpu_us: user and system time of the serving processes per request.

    cpu_s_per_gb: the same per 10^9 bytes of bodies. port_per_mb: counts of an agent's UDP port per
    10^6 bytes of bodies.
    """

    cpu_us: float
    cpu_s_per_gb: float
    p50_ms: float
    p99_ms: float
    requests_per_s: float
    port_per_mb: Mapping[str, float] = field(default_factory=dict)

    def facts(self) -> Mapping[str, object]:
        return {name: value for name, value in asdict(self).items() if value != {}}


async def measured(server: Server, case: Case, clock_s: Callable[[], float]) -> Figures:
    """Load a server once. clock_s: a clock of the wall, in seconds."""
    counted = await server.port()
    before_s, began_s = _cpu_s(server), clock_s()
    times_ms = sorted(await server.load(case, case.requests))
    took_s = clock_s() - began_s
    cpu_us = (_cpu_s(server) - before_s) * 1e6 / case.requests
    megabytes = case.requests * case.bytes / 1e6
    port_per_mb = {
        name: round((count - counted.get(name, 0)) / megabytes, 1)
        for name, count in (await server.port()).items()
    }
    return Figures(
        cpu_us=round(cpu_us, 1),
        cpu_s_per_gb=round(cpu_us * 1e3 / case.bytes, 3),
        p50_ms=round(_percentile(times_ms, 0.50), 3),
        p99_ms=round(_percentile(times_ms, 0.99), 3),
        requests_per_s=round(case.requests / took_s, 1),
        port_per_mb=port_per_mb,
    )


def _percentile(in_order: Sequence[float], share: float) -> float:
    return in_order[math.ceil(share * len(in_order)) - 1]


def _cpu_s(server: Server) -> float:
    return sum(cpu_s(pid) for pid in server.pids)
