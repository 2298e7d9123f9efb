"""`python -m bench.visitor_child URL EDGE [PLANE]`: a visitor process that requests and times.

A command is one JSON object with its verb under "do"; the reply is one JSON line. PLANE: `p2claw`,
or `aiortc` for plain aiortc under the same session.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import uvloop

from bench.peers import stock_aiortc
from bench.stdio import Lines, emit, errors_emitted
from p2claw.visitor import Visitor

PIECE = bytes(65_536)
# The response to an upload comes after its end. Whoever asked for it gives up before.
REPLY_S = 3600.0
# From the first bytes of every download on, until they all run at their speed.
SETTLE_S = 0.5


class Requests:
    """The verbs, all on one link."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    async def get(self, path: str) -> dict[str, Any]:
        """Download once."""
        started_s = time.perf_counter()
        response = await self._visitor.request("GET", path)
        got_bytes = sum([len(piece) async for piece in response])
        seconds = time.perf_counter() - started_s
        return {"status": response.status, "bytes": got_bytes, "seconds": seconds}

    async def post(self, path: str, bytes: int) -> dict[str, Any]:
        """Upload once, from a stream, to the end of the response; its text shows what arrived."""
        started_s = time.perf_counter()
        response = await self._visitor.request("POST", path, body=_pieces(bytes), timeout_s=REPLY_S)
        arrived_bytes = int(await response.body())
        seconds = time.perf_counter() - started_s
        return {"status": response.status, "bytes": arrived_bytes, "seconds": seconds}

    async def times(
        self, path: str, count: int, limit_s: float, bulk: str = "", downloads: int = 0
    ) -> dict[str, Any]:
        """Request one after the other, at most so many and so long, each timed to its last byte.

        bulk, downloads: what is downloaded meanwhile, again and again, by how many at once.
        """
        running = [_Download(self._visitor, bulk) for _ in range(downloads)]
        times_ms: list[float] = []
        try:
            for download in running:
                await download.begun.wait()
            await asyncio.sleep(SETTLE_S if running else 0)
            began_s, before_bytes = time.perf_counter(), sum(d.got_bytes for d in running)
            while len(times_ms) < count and time.perf_counter() - began_s < limit_s:
                times_ms.append((await self.get(path))["seconds"] * 1000)
            seconds = time.perf_counter() - began_s
            bulk_bytes = sum(d.got_bytes for d in running) - before_bytes
        finally:
            for download in running:
                await download.end()
        all_bytes = sum(download.got_bytes for download in running)
        return {
            "ms": times_ms,
            "seconds": seconds,
            "bulk_bytes": bulk_bytes,
            "all_bytes": all_bytes,
        }


class _Download:
    """A download that begins again whenever it ends."""

    def __init__(self, visitor: Visitor, path: str) -> None:
        self.got_bytes = 0
        self.begun = asyncio.Event()
        self._task = asyncio.create_task(self._run(visitor, path))
        self._task.add_done_callback(lambda _: self.begun.set())

    async def end(self) -> None:
        """Stop it. Raises what it failed with."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self, visitor: Visitor, path: str) -> None:
        while True:
            async with await visitor.request("GET", path) as response:
                async for piece in response:
                    self.got_bytes += len(piece)
                    self.begun.set()


async def _pieces(total_bytes: int) -> AsyncIterator[bytes]:
    while total_bytes:
        piece = PIECE[:total_bytes]
        total_bytes -= len(piece)
        yield piece


async def main(url: str, edge: str, plane: str = "p2claw") -> None:
    if plane == "aiortc":
        stock_aiortc.use()
    lines = await Lines.open()
    async with await Visitor.open(url, edge=edge) as visitor:
        emit({"open": True})
        requests = Requests(visitor)
        while True:
            command = await lines.next()
            emit(await getattr(requests, command.pop("do"))(**command))


if __name__ == "__main__":
    with errors_emitted():
        uvloop.run(main(*sys.argv[1:]))
