"""`python -m bench.scale.audience URL [EDGE]`: people who watch a film, all in one process.

With EDGE each is a visitor of p2claw; without it, each has a connection of its own to a server of
HTTPS. A command is one JSON object with its verb under "do"; the response is one JSON line.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any

import aiohttp
import uvloop

from bench.scale.film import Fetch, watch
from bench.stdio import Lines, emit, errors_emitted
from p2claw.cli.descriptors import allow_many_sockets
from p2claw.errors import P2clawError
from p2claw.visitor import Visitor

PATH = "/film"
AT_ONCE = 8


class Audience:
    """Each verb replies when all have done it."""

    def __init__(self, url: str, edge: str) -> None:
        self._url = url
        self._edge = edge
        self._seats: list[Fetch] = []
        self._ends = AsyncExitStack()

    async def open(self, visitors: int) -> dict[str, Any]:
        """A link, or a connection, for each."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                fetch = await (self._visitor() if self._edge else self._client())
                self._seats.append(fetch)
                async for _ in fetch(0, 1):
                    pass

        await asyncio.gather(*(one() for _ in range(visitors)))
        return {"open": len(self._seats)}

    async def watch(self, seconds: float) -> list[dict[str, Any]]:
        """The film from its beginning, by all at once."""
        return [asdict(w) for w in await asyncio.gather(*(watch(f, seconds) for f in self._seats))]

    async def close(self) -> dict[str, Any]:
        """End all links and connections."""
        self._seats.clear()
        await self._ends.aclose()
        return {"closed": True}

    async def _visitor(self) -> Fetch:
        visitor = await Visitor.open(self._url, edge=self._edge)
        self._ends.push_async_callback(visitor.close)

        async def fetch(first: int, count: int) -> AsyncIterator[bytes]:
            async with await visitor.request(
                "GET", PATH, fields=[_range(first, count)]
            ) as response:
                _check(response.status)
                async for piece in response:
                    yield piece

        return fetch

    async def _client(self) -> Fetch:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(limit=1, ssl=context, keepalive_timeout=600)
        client = await self._ends.enter_async_context(aiohttp.ClientSession(connector=connector))

        async def fetch(first: int, count: int) -> AsyncIterator[bytes]:
            fields = dict([_range(first, count)])
            async with client.get(self._url + PATH, headers=fields) as response:
                _check(response.status)
                async for piece in response.content.iter_any():
                    yield piece

        return fetch


def _range(first: int, count: int) -> tuple[str, str]:
    return ("range", f"bytes={first}-{first + count - 1}")


def _check(status: int) -> None:
    if status != 206:
        raise P2clawError(f"the film got {status}", code="bench-child")


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
