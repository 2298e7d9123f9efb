"""`python -m bench.crowd.audience URL [EDGE]`: all people of one side, in one process.

With EDGE each is a visitor of p2claw; without it, each has a connection of its own to a server of
HTTPS. A command is one JSON object with its verb under "do"; the response is one JSON line.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import uvloop

from bench.crowd.film import watch
from bench.crowd.seats import Seat, sit
from bench.stdio import Lines, emit, errors_emitted
from p2claw.cli.descriptors import allow_many_sockets
from p2claw.errors import P2clawError

FILM, PICTURE, PAGE = "/film", "/picture", "/page"
AT_ONCE = 8  # that sit down at the same time


class Audience:
    """Each verb replies when all have done it."""

    def __init__(self, url: str, edge: str) -> None:
        self._url = url
        self._edge = edge
        self._seats: list[Seat] = []

    async def open(self, visitors: int) -> dict[str, Any]:
        """A link, or a connection, for each."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                seat = await sit(self._url, self._edge)
                self._seats.append(seat)
                async for _ in seat.get(FILM, _range(0, 1)):
                    pass

        await asyncio.gather(*(one() for _ in range(visitors)))
        return {"open": len(self._seats)}

    async def watch(self, seconds: float) -> list[dict[str, Any]]:
        """The film from its beginning, by all at once."""

        def of(seat: Seat) -> Any:
            def fetch(first: int, count: int) -> AsyncIterator[bytes]:
                return seat.get(FILM, _range(first, count))

            return watch(fetch, seconds)

        return [asdict(w) for w in await asyncio.gather(*(of(seat) for seat in self._seats))]

    async def pictures(self, count: int) -> list[float]:
        """So many pictures by each, all at once; seconds that each waited for its last one."""
        began_s = time.monotonic()

        async def one(seat: Seat) -> float:
            await seat.pictures(PICTURE, count)
            return time.monotonic() - began_s

        return list(await asyncio.gather(*(one(seat) for seat in self._seats)))

    async def arrive(self, visitors: int, seconds: float) -> dict[str, Any]:
        """One after the other within so long; each gets the page, and stays.

        first_s: of each that got it, from its arrival to the first byte.
        """
        first_s: list[float] = []
        failures: Counter[str] = Counter()

        async def one(number: int) -> None:
            await asyncio.sleep(number * seconds / visitors)
            began_s = time.monotonic()
            waited_s: float | None = None
            try:
                seat = await sit(self._url, self._edge)
                self._seats.append(seat)
                async for _ in seat.get(PAGE):
                    waited_s = waited_s or time.monotonic() - began_s
            except P2clawError as error:
                failures[error.code] += 1
            else:
                first_s.append(waited_s or 0)

        await asyncio.gather(*(one(number) for number in range(visitors)))
        return {"first_s": first_s, "failures": dict(failures)}

    async def close(self) -> dict[str, Any]:
        """End all links and connections."""
        seats, self._seats = self._seats, []
        await asyncio.gather(*(seat.close() for seat in seats))
        return {"closed": len(seats)}


def _range(first: int, count: int) -> tuple[str, str]:
    return ("range", f"bytes={first}-{first + count - 1}")


async def main(url: str, edge: str = "") -> None:
    allow_many_sockets()
    lines = await Lines.open()
    audience = Audience(url, edge)
    while True:
        command = await lines.next()
        with errors_emitted():
            emit(await getattr(audience, command.pop("do"))(**command))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main(*sys.argv[1:3]))
