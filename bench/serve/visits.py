"""`python -m bench.serve.visits URL EDGE COUNT`: so many visitors, each on a link of its own.

A command names a path, how many requests each visitor has under way at once, and how many there are
in all; the reply has the time of each, and the bytes of all bodies.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence

import uvloop

from bench.stdio import Lines, emit, errors_emitted
from p2claw.errors import P2clawError
from p2claw.visitor import Visitor


async def main(url: str, edge: str, count: str) -> None:
    lines = await Lines.open()
    visitors = [await Visitor.open(url, edge=edge) for _ in range(int(count))]
    emit({"open": True})
    while True:
        command = await lines.next()
        emit(await _load(visitors, command["path"], command["parallel"], command["requests"]))


async def _load(
    visitors: Sequence[Visitor], path: str, parallel: int, requests: int
) -> dict[str, object]:
    left = iter(range(requests))
    times_ms: list[float] = []
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_some(visitor, path, left, times_ms))
            for visitor in visitors
            for _ in range(parallel)
        ]
    return {"ms": times_ms, "bytes": sum(task.result() for task in tasks)}


async def _some(visitor: Visitor, path: str, left: Iterator[int], times_ms: list[float]) -> int:
    """Request one after the other, until none is left; the bytes of the bodies."""
    got_bytes = 0
    for _ in left:
        began_s = time.perf_counter()
        response = await visitor.request("GET", path)
        async for piece in response:
            got_bytes += len(piece)
        if response.status != 200:
            raise P2clawError(f"{path} got {response.status}", code="bench-child")
        times_ms.append(round((time.perf_counter() - began_s) * 1e3, 3))
    return got_bytes


if __name__ == "__main__":
    with errors_emitted():
        uvloop.run(main(*sys.argv[1:]))
