"""flash: a page that many open within ten seconds; each new link or connection, then they stay."""

from __future__ import annotations

import os
from typing import Any

from bench.crowd.sides import Side

VISITORS = (500,)
SECONDS = 10.0
PAGE_BYTES = 20_000


def files() -> dict[str, bytes]:
    """The page."""
    return {"page": os.urandom(PAGE_BYTES)}


async def prepare(side: Side, visitors: int) -> None:
    """Nobody is there yet."""


async def once(side: Side, visitors: int, seconds: float) -> tuple[int, dict[str, Any]]:
    """Bytes that came, and how long each waited for the first of them."""
    command = {"do": "arrive", "visitors": visitors, "seconds": seconds}
    came = await side.audience.ask(command, timeout_s=seconds + 120)
    first_s = sorted(came["first_s"]) or [0.0]
    return max(len(came["first_s"]), 1) * PAGE_BYTES, {
        "requests": visitors,
        "failures": came["failures"],
        "first_ms": round(1000 * first_s[len(first_s) // 2]),
        "first_p99_ms": round(1000 * first_s[int(0.99 * (len(first_s) - 1))]),
    }


SPREADS = ("first_ms", "first_p99_ms")
