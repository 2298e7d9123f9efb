"""`python -m bench.wan.visit URL [EDGE]`: downloads or uploads once, for so many seconds.

With EDGE it is a visitor of p2claw; without it, a client of HTTP over one connection of its own. A
command is one JSON object with its verb under "do"; the reply is one JSON line.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import uvloop

from bench.stdio import Lines, emit, errors_emitted
from p2claw.visitor import Visitor

PIECE = bytes(65_536)
# A body of unknown length would wait in the box until it is whole.
LENGTH = ("content-length", str(10**12))


class Client:
    """Either of the two; a transfer ends when its seconds are over."""

    def __init__(self, url: str, visitor: Visitor | None, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._visitor = visitor
        self._http = http
        self._got_bytes = 0

    async def down(self, path: str, seconds: float) -> dict[str, Any]:
        """Bytes of a response that came, from the request on."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._download(path)
        return {"bytes": self._got_bytes}

    async def up(self, path: str, seconds: float) -> dict[str, Any]:
        """Send a body until the time is over, and break off."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._upload(path)
        return {}

    async def _download(self, path: str) -> None:
        if self._visitor is None:
            async with self._http.get(self._url + path) as response:
                async for piece in response.content.iter_any():
                    self._got_bytes += len(piece)
            return
        async with await self._visitor.request("GET", path) as ours:
            async for piece in ours:
                self._got_bytes += len(piece)

    async def _upload(self, path: str) -> None:
        if self._visitor is None:
            await self._http.post(self._url + path, data=_endless(), headers=dict([LENGTH]))
        else:
            await self._visitor.request("POST", path, fields=[LENGTH], body=_endless())


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield PIECE


async def main(url: str, edge: str = "") -> None:
    lines = await Lines.open()
    async with contextlib.AsyncExitStack() as ends:
        visitor = None
        if edge:
            visitor = await ends.enter_async_context(await Visitor.open(url, edge=edge))
        timeout = aiohttp.ClientTimeout(total=None)
        http = await ends.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        emit({"open": True})
        command = await lines.next()
        emit(await getattr(Client(url, visitor, http), command.pop("do"))(**command))
        await lines.next()


if __name__ == "__main__":
    with errors_emitted():
        uvloop.run(main(*sys.argv[1:3]))
