"""Name resolution that knows `*.localhost`, which Python's resolver does not (RFC 6761 §6.3)."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from p2claw.names import is_localhost


class LocalhostResolver(AbstractResolver):
    """Resolves `localhost` and names under it to 127.0.0.1, and asks the system for all others."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if not is_localhost(host):
            return await self._system.resolve(host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
        ]

    async def close(self) -> None:
        await self._system.close()
