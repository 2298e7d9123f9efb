"""`python -m bench.coord.agents FIRST COUNT LOCAL HOST:PORT …`: many light agents in one process.

FIRST: the number of the first key. LOCAL: of the addresses that they connect from, 127.0.LOCAL.x,
for a server lets one address have no more than a share of its places. They are spread over the
nodes; whoever is lost comes back as an agent does, after up to 0.5, 1, 2 … 15 s, or when the server
has told it to, at the next node. A line is a command, the reply one JSON line.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
import time
from typing import Any

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.coord.descriptors import allow
from bench.coord.light_agent import LightAgent
from bench.stdio import Lines, emit, errors_emitted
from p2claw.link.backoff import Backoff

# Connections that are being opened at once.
_AT_ONCE = 100
_OPEN_S = 20.0
_ADDRESSES = 50


class Boxes:
    """Keeps every agent connected."""

    def __init__(self, first: int, count: int, local: str, nodes: list[str]) -> None:
        self._local = local
        self._nodes = nodes
        self._keys = [
            Ed25519PrivateKey.from_private_bytes((first + number).to_bytes(32, "big"))
            for number in range(1, count + 1)
        ]
        self._online: dict[int, str] = {}
        self._agents: set[LightAgent] = set()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._tasks: list[asyncio.Task[None]] = []
        self._refused = 0
        self._told = 0
        self._changed = asyncio.Event()

    async def open(self, at_once: int) -> dict[str, Any]:
        """Connect all; replies when all are online."""
        self._gate = asyncio.Semaphore(at_once)
        began = time.monotonic()
        self._tasks = [
            asyncio.create_task(self._keep(number, key)) for number, key in enumerate(self._keys)
        ]
        await self._until(len(self._keys))
        return {"seconds": time.monotonic() - began}

    async def online(self) -> dict[str, Any]:
        """How many are online now, how often one was not let in or lost so far, and how often the
        server has told one of these when to come again.
        """
        return {"online": len(self._online), "refused": self._refused, "told": self._told}

    async def back(self, within_s: float) -> dict[str, Any]:
        """Replies when all are online again, or after so long; missing: how many are not."""
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._until(len(self._keys))
        missing = len(self._keys) - len(self._online)
        seconds = time.monotonic() - began
        return {
            "seconds": seconds,
            "refused": self._refused,
            "told": self._told,
            "missing": missing,
        }

    async def cut(self) -> dict[str, Any]:
        """End all connections at once. Each comes back when its delay is over, and waits for no
        other, as agents on machines of their own do.
        """
        self._gate = asyncio.Semaphore(len(self._keys))
        cut = tuple(self._agents)
        for agent in cut:
            agent.close()
        while not self._agents.isdisjoint(cut):  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0)
        return await self.online()

    async def aliases(self) -> dict[str, Any]:
        return {"aliases": sorted(self._online.values())}

    async def _until(self, count: int) -> None:
        while len(self._online) < count:
            self._changed.clear()
            await self._changed.wait()

    async def _keep(self, number: int, key: Ed25519PrivateKey) -> None:
        backoff, at = Backoff(), number
        loop = asyncio.get_running_loop()
        while True:
            node = self._nodes[at % len(self._nodes)]
            at += 1
            lost = asyncio.Event()
            ready = asyncio.Event()

            def changed(
                agent: LightAgent, ready: asyncio.Event = ready, lost: asyncio.Event = lost
            ) -> None:
                ready.set()
                if agent.is_lost:
                    lost.set()

            async with self._gate:
                host, _, port = node.rpartition(":")
                agent = LightAgent(key, node, changed)
                try:
                    async with asyncio.timeout(_OPEN_S):
                        await loop.create_connection(
                            functools.partial(_same, agent),
                            *(host, int(port)),
                            local_addr=(f"127.0.{self._local}.{1 + number % _ADDRESSES}", 0),
                        )
                        await ready.wait()
                except (OSError, TimeoutError):
                    agent.close()
                    lost.set()
            if agent.alias:
                backoff.reset()
                self._online[number] = agent.alias
                self._agents.add(agent)
                self._changed.set()
                await lost.wait()
                self._agents.discard(agent)
                del self._online[number]
            self._refused += 1
            self._told += agent.least_s > 0
            await asyncio.sleep(backoff.next_delay_s(least_s=agent.least_s))


def _same(agent: LightAgent) -> LightAgent:
    return agent


async def main(first: str, count: str, local: str, *nodes: str) -> None:
    allow(int(count) + 200)
    lines = await Lines.open()
    boxes = Boxes(int(first), int(count), local, list(nodes))
    while True:
        command = await lines.next()
        with errors_emitted():
            emit(await getattr(boxes, command.pop("do"))(**command))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
