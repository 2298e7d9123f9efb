"""The figures of one attack: percentiles, and whether the others are served as they are to be."""

from __future__ import annotations

import statistics
from typing import Any

# Of the others' p99 on loopback, and times what it is beside the same attack on another box.
MOST_P99_MS = 50.0
MOST_TIMES = 3.0


def summary(where: str, times_ms: list[float]) -> dict[str, Any]:
    """Of the times that were measured at one place; without any there is only their number."""
    facts: dict[str, Any] = {}
    if times_ms:
        facts[f"{where}_p50_ms"] = _percentile(times_ms, 50)
        facts[f"{where}_p99_ms"] = _percentile(times_ms, 99)
    return {**facts, f"{where}_count": len(times_ms)}


def facts_of(facts: dict[str, Any]) -> dict[str, Any]:
    """What follows from the p99 of requests: how often that of elsewhere it is, and if it holds."""
    here, elsewhere = facts.get("here_p99_ms"), facts.get("elsewhere_p99_ms")
    if here is None or elsewhere is None:
        return {"holds": False}
    times = round(here / elsewhere, 2)
    return {"p99_times": times, "holds": here <= MOST_P99_MS and times <= MOST_TIMES}


def _percentile(values: list[float], percent: int) -> float:
    if len(values) < 2:
        return round(values[0], 2)
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)
