"""films: an evening at which everybody watches a film, each over a line of its own."""

from __future__ import annotations

from typing import Any

from bench.crowd.sides import Side
from bench.scale.downloads import jain

VISITORS = (20,)
SECONDS = 40.0
FILM_BYTES = 200_000_000


def files() -> dict[str, bytes]:
    """One film for all."""
    return {"film": bytes(FILM_BYTES)}


async def prepare(side: Side, visitors: int) -> None:
    """All sit down."""
    await side.audience.ask({"do": "open", "visitors": visitors}, timeout_s=120)


async def once(side: Side, visitors: int, seconds: float) -> tuple[int, dict[str, Any]]:
    """Bytes that came, and what each noticed."""
    watched = await side.audience.ask({"do": "watch", "seconds": seconds}, timeout_s=seconds + 60)
    got = [one["got_bytes"] for one in watched]
    first = sorted(one["first_s"] for one in watched)
    return sum(got), {
        "stalls": sum(one["stalls"] for one in watched),
        "stalled": sum(one["stalls"] > 0 for one in watched),
        "first_ms": round(1000 * first[len(first) // 2]),
        "first_worst_ms": round(1000 * first[-1]),
        "jain": round(jain(got), 4),
    }


SPREADS = ("stalls", "first_ms", "jain")
