"""`python -m bench.scale.crowd URL EDGE`: many visitors in one process; a line is a command.

A command is one JSON object with its verb under "do"; the reply is one JSON line.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
from collections import Counter
from typing import Any

import uvloop

from bench.stdio import Lines, emit, errors_emitted
from p2claw.cli.descriptors import allow_many_sockets
from p2claw.errors import P2clawError
from p2claw.visitor import Visitor


class Crowd:
    """Visitors of one app. Each verb replies when all of them have done it."""

    def __init__(self, url: str, edge: str) -> None:
        self._url = url
        self._edge = edge
        self._visitors: list[Visitor] = []

    async def open(self, visitors: int, at_once: int) -> dict[str, Any]:
        """Open links; those that fail are counted by their code."""
        gate = asyncio.Semaphore(at_once)
        failures: Counter[str] = Counter()

        async def one() -> None:
            async with gate:
                try:
                    self._visitors.append(await Visitor.open(self._url, edge=self._edge))
                except P2clawError as error:
                    failures[error.code] += 1

        started_s = time.monotonic()
        await asyncio.gather(*(one() for _ in range(visitors)))
        seconds = time.monotonic() - started_s
        return {"open": len(self._visitors), "failures": failures, "seconds": seconds}

    async def get(self, path: str) -> dict[str, Any]:
        """GET once on every link."""
        failures: Counter[str] = Counter()

        async def one(visitor: Visitor) -> None:
            try:
                await (await visitor.request("GET", path)).body()
            except P2clawError as error:
                failures[error.code] += 1

        await asyncio.gather(*(one(visitor) for visitor in self._visitors))
        return {"failures": failures}

    async def download(self, path: str, seconds: float) -> dict[str, Any]:
        """GET again and again on every link at once; bytes of each between start and deadline."""
        deadline_s = time.monotonic() + seconds
        got = await asyncio.gather(*(_until(v, path, deadline_s) for v in self._visitors))
        return {"bytes": got}

    async def churn(
        self, visitors: int, at_once: int, path: str, sha256: str, seconds: float
    ) -> dict[str, Any]:
        """Open all, GET on each, compare the digest, close all; again until the time is up."""
        deadline_s = time.monotonic() + seconds
        links = 0
        while time.monotonic() < deadline_s:
            opened = await self.open(visitors, at_once)
            digests = await asyncio.gather(*(_digest(v, path) for v in self._visitors))
            if opened["failures"] or set(digests) != {sha256}:
                raise P2clawError(f"links failed: {opened['failures']}, or bytes are wrong")
            links += len(digests)
            await self.close()
        return {"links": links}

    async def close(self) -> dict[str, Any]:
        """End all links."""
        visitors, self._visitors = self._visitors, []
        await asyncio.gather(*(visitor.close() for visitor in visitors))
        return {"closed": len(visitors)}


async def _digest(visitor: Visitor, path: str) -> str:
    digest = hashlib.sha256()
    async for piece in await visitor.request("GET", path):
        digest.update(piece)
    return digest.hexdigest()


async def _until(visitor: Visitor, path: str, deadline_s: float) -> int:
    got_bytes = 0
    while time.monotonic() < deadline_s:
        async with await visitor.request("GET", path) as response:
            async for piece in response:
                if time.monotonic() >= deadline_s:
                    break
                got_bytes += len(piece)
    return got_bytes


async def main(url: str, edge: str) -> None:
    allow_many_sockets()
    lines = await Lines.open()
    crowd = Crowd(url, edge)
    while True:
        command = await lines.next()
        with errors_emitted():
            emit(await getattr(crowd, command.pop("do"))(**command))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:3]))
