"""What an edge sends to a GET, asked as a browser would ask, under the host of an app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from p2claw.link.localhost import LocalhostResolver
from p2claw.units import MIB
from p2claw.visitor.app_url import AppUrl

# Of a body; what is longer is no file of ours.
BODY_BYTES = 4 * MIB
# Browsers ask a host of HTTP/1.1 over so many connections at once.
AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Got:
    """A response. body: without its content coding, cut off behind BODY_BYTES."""

    status: int
    date: str
    body: bytes


class EdgeClient:
    """Connections to the edge of one URL. get raises aiohttp.ClientError and OSError."""

    def __init__(self, client: aiohttp.ClientSession, address: AppUrl) -> None:
        self._client = client
        self._address = address
        scheme = "https" if address.dial_tls else "http"
        host = f"[{address.dial_host}]" if ":" in address.dial_host else address.dial_host
        self._origin = f"{scheme}://{host}:{address.dial_port}"

    async def get(self, path: str) -> Got:
        """Ask for a page or a file; redirects are not followed."""
        async with self._client.get(
            self._origin + path,
            headers={"Host": self._address.host, "Accept": "text/html"},
            server_hostname=self._address.hostname if self._address.dial_tls else None,
            allow_redirects=False,
        ) as response:
            body = bytearray()
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > BODY_BYTES:
                    break
            return Got(response.status, response.headers.get("date", ""), bytes(body))


@asynccontextmanager
async def edge_client(address: AppUrl, timeout_s: float) -> AsyncIterator[EdgeClient]:
    """Connections to where `address` leads. timeout_s: of each request."""
    connector = aiohttp.TCPConnector(resolver=LocalhostResolver(), limit_per_host=AT_ONCE)
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
        yield EdgeClient(client, address)
