"""`python -m bench.hostile.neighbour URL EDGE`: the visitor whose requests and visits are timed."""

from __future__ import annotations

import sys
import time
from typing import Any

import uvloop

from bench.stdio import Lines, emit, errors_emitted
from bench.visitor_child import Requests
from p2claw.errors import P2clawError
from p2claw.visitor import Visitor


class Neighbour(Requests):
    """The verbs: those of every visitor of a bench, and these."""

    def __init__(self, visitor: Visitor, url: str, edge: str) -> None:
        super().__init__(visitor)
        self._url = url
        self._edge = edge

    async def visits(self, count: int, limit_s: float) -> dict[str, Any]:
        """Open a link and get a page, so often and so long at most, one after the other, timed.

        refused: how many visits failed, by code.
        """
        times_ms: list[float] = []
        refused: dict[str, int] = {}
        began_s = time.perf_counter()
        for _ in range(count):
            started_s = time.perf_counter()
            if started_s - began_s > limit_s:
                break
            try:
                async with await Visitor.open(self._url, edge=self._edge) as visitor:
                    await (await visitor.request("GET", "/")).body()
                times_ms.append((time.perf_counter() - started_s) * 1000)
            except P2clawError as error:
                refused[error.code] = refused.get(error.code, 0) + 1
        return {"ms": times_ms, "refused": refused}

    async def path(self) -> dict[str, Any]:
        """The two addresses of the link that is open."""
        pair = self._visitor._link.opened.peer._connection.selected
        assert pair is not None
        own = pair.local_candidate
        return {"own": (own.host, own.port), "box": tuple(pair.remote_addr)}


async def main(url: str, edge: str) -> None:
    lines = await Lines.open()
    async with await Visitor.open(url, edge=edge) as visitor:
        emit({"open": True})
        neighbour = Neighbour(visitor, url, edge)
        while True:
            command = await lines.next()
            emit(await getattr(neighbour, command.pop("do"))(**command))


if __name__ == "__main__":
    with errors_emitted():
        uvloop.run(main(*sys.argv[1:]))
