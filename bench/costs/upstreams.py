"""Requests at the gate of an upstream: what visitors can make an agent do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bench.costs import Case
from p2claw.agent.upstream.gate import Gate, Ticket
from p2claw.config import UpstreamLimits

LIMITS = UpstreamLimits(connections=6, waiting=1_000_000, wait_s=600.0)


async def queue(gate: Gate, visitors: int, towns: int, n: int) -> list[asyncio.Task[Ticket]]:
    """n requests of so many visitors and networks wait; as many as may are let in before."""
    tasks = [
        asyncio.ensure_future(gate.enter(i % visitors, f"town {i % towns}", 3)) for i in range(n)
    ]
    await asyncio.sleep(0)
    return tasks


def in_loop(run: Callable[[int], Awaitable[None]]) -> Callable[[int], Callable[[], None]]:
    def make(n: int) -> Callable[[], None]:
        async def whole() -> None:
            await run(n)

        return lambda: asyncio.run(whole())

    return make


async def cancelled(n: int) -> None:
    """One visitor's requests wait, and are cancelled."""
    tasks = await queue(Gate("dog", LIMITS), 1, 1, n)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def served(n: int, visitors: int, towns: int = 1) -> None:
    """Requests wait, and each has its turn."""
    gate = Gate("dog", LIMITS)
    for task in asyncio.as_completed(await queue(gate, visitors, towns, n)):
        ticket = await task
        gate.responded(ticket)
        gate.leave(ticket)


CASES = {
    "requests that wait and are cancelled": Case(1_000, in_loop(cancelled)),
    "requests of one visitor": Case(1_000, in_loop(lambda n: served(n, 1))),
    "requests of as many visitors": Case(1_000, in_loop(lambda n: served(n, n))),
    "requests of as many networks": Case(32, in_loop(lambda n: served(n, n, towns=n))),
}
