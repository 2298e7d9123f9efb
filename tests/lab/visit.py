"""`python -m tests.lab.visit URL EDGE`: one visit of a laboratory's app, printed as a line of JSON.

It opens a link, moves bytes both ways, and looks after a while which path the link is on.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time

from p2claw.errors import P2clawError
from p2claw.visitor import Visitor
from tests.lab.services import pattern

DOWN_BYTES, UP_BYTES = 2_000_000, 1_000_000
LOOK_AGAIN_S = 3.0
MOVE_TIMEOUT_S = 20.0


async def visit(url: str, edge: str) -> dict[str, object]:
    """What came of it. path: at once; later: after LOOK_AGAIN_S and the transfers."""
    began = time.monotonic()
    try:
        visitor = await Visitor.open(url, edge=edge)
    except P2clawError as error:
        return {"error": error.code, "open_ms": _ms(began)}
    async with visitor:
        opened = time.monotonic()
        report: dict[str, object] = {"open_ms": _ms(began), "path": visitor.stats().path}
        try:
            async with asyncio.timeout(MOVE_TIMEOUT_S):
                report["down"] = await _down(visitor)
                report["up"] = await _up(visitor)
        except (P2clawError, TimeoutError) as error:
            report["error"] = getattr(error, "code", "stalled")
            return report
        await asyncio.sleep(max(0.0, opened + LOOK_AGAIN_S - time.monotonic()))
        stats = visitor.stats()
        report["later"] = stats.path
        report["rtt_ms"] = None if stats.rtt_s is None else round(stats.rtt_s * 1000, 1)
    return report


async def _down(visitor: Visitor) -> bool:
    response = await visitor.request("GET", f"/{DOWN_BYTES}")
    return await response.body() == pattern(DOWN_BYTES)


async def _up(visitor: Visitor) -> bool:
    sent = pattern(UP_BYTES)
    response = await visitor.request("POST", "/", body=sent)
    return (await response.body()).decode() == hashlib.sha256(sent).hexdigest()


def _ms(since: float) -> float:
    return round((time.monotonic() - since) * 1000, 1)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(visit(*sys.argv[1:]))))
