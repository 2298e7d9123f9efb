"""How long small requests take, one after the other, as a visitor sees it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.path import WholePath
from bench.processes import cpu_s

# A file of 1 KB, and enough requests for five to be above the 99th percentile.
SMALL, SMALL_MB = "small", 0.001
REQUESTS = 500
WARM_UP = 20
# 500 requests of 2 s each are not waited for.
LIMIT_S = 15.0
REPLY_S = 120.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one series on a link that does nothing else. agent_cpu_ms: for each request."""

    requests: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    agent_cpu_ms: float

    def facts(self) -> Mapping[str, float]:
        return asdict(self)


async def idle_latency(path: WholePath) -> Latency:
    """Request the small file `REQUESTS` times."""
    await path.visitor.ask(series(WARM_UP), timeout_s=REPLY_S)
    before_s = cpu_s(path.agent_pid)
    times_ms = (await path.visitor.ask(series(REQUESTS), timeout_s=REPLY_S))["ms"]
    agent_cpu_s = cpu_s(path.agent_pid) - before_s
    return Latency(
        requests=len(times_ms),
        p50_ms=percentile(times_ms, 0.50),
        p99_ms=percentile(times_ms, 0.99),
        max_ms=percentile(times_ms, 1),
        agent_cpu_ms=round(agent_cpu_s * 1000 / len(times_ms), 3),
    )


def series(count: int) -> dict[str, object]:
    """What asks a visitor for the times of so many requests."""
    return {"do": "times", "path": f"/{SMALL}", "count": count, "limit_s": LIMIT_S}


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all is no larger than."""
    return round(sorted(values)[math.ceil(share * len(values)) - 1], 3)
