"""By which address other nodes reach this one, if it listens on all: its own towards Redis."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

from p2claw.config import BusAddress
from p2claw.errors import UsageError

_ALL = ("", "0.0.0.0", "::")
_REDIS_PORT = 6379


async def own_address(listens: str, bus: BusAddress) -> str:
    """listens: the host of `--node-listen`. Raises UsageError `node-address-unknown`."""
    if listens not in _ALL:
        return listens
    host, port = _place(bus)
    try:
        family, kind, _, _, address = (
            await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        )[0]
        with socket.socket(family, kind) as probe:
            probe.connect(address)  # of UDP: nothing is sent
            return str(probe.getsockname()[0])
    except OSError as error:
        raise UsageError(
            f"It is not known by which address other nodes reach this one: {error}",
            code="node-address-unknown",
            hint="Name it: --node-listen ADDRESS:PORT",
        ) from None


def _place(bus: BusAddress) -> tuple[str, int]:
    if bus.hosts:
        return bus.hosts[0]
    parts = urlsplit(bus.url)
    # A Redis at a path is on this machine, and so are all nodes.
    return (parts.hostname or "127.0.0.1", parts.port or _REDIS_PORT)
