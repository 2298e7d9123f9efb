"""Nodes, light agents and visitors as processes."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import Child, cpu_s

# Agents in one process: more would be late, and show their own slowness.
_IN_ONE = 5_000
OPEN_S = 600.0


@dataclass(slots=True)
class Nodes:
    """Servers by their addresses."""

    children: list[Child]
    addresses: list[str]

    def cpu_s(self) -> float:
        """Of all together."""
        return sum(cpu_s(child.pid) for child in self.children)


@contextlib.asynccontextmanager
async def nodes(
    folder: Path, count: int, boxes: int, shared: Sequence[str] = ()
) -> AsyncIterator[Nodes]:
    """shared: store and bus of several."""
    async with contextlib.AsyncExitStack() as ends:
        made = Nodes([], [])
        for number in range(count):
            child = await Child.start(
                "bench.coord.node", str(folder / f"node{number}"), str(boxes), *shared
            )
            ends.push_async_callback(child.end)
            made.children.append(child)
            made.addresses.append((await child.receive(timeout_s=60))["listen"])
        yield made


@contextlib.asynccontextmanager
async def agents(
    count: int, addresses: Sequence[str], *, first: int = 0
) -> AsyncIterator[list[Child]]:
    """Processes with so many light agents, which are not connected yet. first: of their keys."""
    processes = max(1, math.ceil(count / _IN_ONE))
    async with contextlib.AsyncExitStack() as ends:
        children = []
        for number in range(processes):
            begin, end = count * number // processes, count * (number + 1) // processes
            child = await Child.start(
                *("bench.coord.agents", str(first + begin), str(end - begin)),
                str(1 + (first + begin) // 100),
                *addresses,
            )
            ends.push_async_callback(child.end)
            children.append(child)
        yield children


async def ask_all(children: Sequence[Child], **command: Any) -> list[Any]:
    """Ask all at once; the replies in their order."""
    return list(await asyncio.gather(*(one.ask(command, timeout_s=OPEN_S) for one in children)))


def percentile(values: Sequence[float], share: float) -> float:
    """Of at least one value."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def shown(took_ms: Sequence[float], failures: dict[str, int]) -> dict[str, Any]:
    """Introductions as a report prints them."""
    if not took_ms:
        return {"introduced": 0, "failures": failures}
    return {
        "introduced": len(took_ms),
        "failures": failures,
        "p50_ms": percentile(took_ms, 0.5),
        "p99_ms": percentile(took_ms, 0.99),
        "most_ms": max(took_ms),
    }
