"""What one person visits by: a link of p2claw, or a connection to a server of HTTPS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Protocol

import aiohttp

from p2claw.errors import P2clawError
from p2claw.visitor import Visitor

Fields = tuple[tuple[str, str], ...]

# As many as a browser has under way on one connection of HTTP/2 before its first response.
AT_ONCE = 8


class Seat(Protocol):
    """One person. Made by `sit`; always close it."""

    def get(self, path: str, *fields: tuple[str, str]) -> AsyncIterator[bytes]:
        """The pieces of one body. Raises P2clawError `bench-child` if the status is no success."""

    async def pictures(self, prefix: str, count: int) -> None:
        """GET prefix1 … prefixN, AT_ONCE of them at a time."""

    async def close(self) -> None:
        """End the link, or the connection."""


async def sit(url: str, edge: str) -> Seat:
    """edge: where the coordinator is; "": the URL is that of a server of HTTPS."""
    return Linked(await Visitor.open(url, edge=edge)) if edge else Connected(url)


class Linked:
    """A visitor of p2claw."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    async def get(self, path: str, *fields: tuple[str, str]) -> AsyncIterator[bytes]:
        async with await self._visitor.request("GET", path, fields=fields) as response:
            _check(response.status)
            async for piece in response:
                yield piece

    async def pictures(self, prefix: str, count: int) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with gate:
                async for _ in self.get(f"{prefix}{number}"):
                    pass

        await asyncio.gather(*(one(number) for number in range(1, count + 1)))

    async def close(self) -> None:
        await self._visitor.close()


class Connected:
    """A client of HTTPS; its connection is made with its first request."""

    def __init__(self, url: str) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(limit=1, ssl=context, keepalive_timeout=600)
        self._client = aiohttp.ClientSession(connector=connector)
        self._url = url

    async def get(self, path: str, *fields: tuple[str, str]) -> AsyncIterator[bytes]:
        try:
            async with self._client.get(self._url + path, headers=dict(fields)) as response:
                _check(response.status)
                async for piece in response.content.iter_any():
                    yield piece
        except (aiohttp.ClientError, OSError) as error:
            raise P2clawError(f"{path}: {error!r}", code="bench-child") from None

    async def pictures(self, prefix: str, count: int) -> None:
        # curl speaks HTTP/2, and one connection has one line (link.c): six of HTTP/1.1 had six.
        process = await asyncio.create_subprocess_exec(
            *("curl", "-sSfk", "--http2", "-Z", "--parallel-max", str(AT_ONCE)),
            *("-o", "/dev/null", f"{self._url}{prefix}[1-{count}]"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,  # its meter, which -s does not silence with -Z
        )
        if code := await process.wait():
            raise P2clawError(f"curl ended with {code}", code="bench-child")

    async def close(self) -> None:
        await self._client.close()


def _check(status: int) -> None:
    if status not in (200, 206):
        raise P2clawError(f"a response had the status {status}", code="bench-child")
