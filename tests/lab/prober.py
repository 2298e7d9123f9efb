"""What kind of NAT a host is behind, found out as RFC 5780 does: two addresses, two ports each.

The server sends each sender the address it came from, and from another socket when asked to.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

from tests.lab.host import Host
from tests.lab.laboratory import SERVER_ADDRESSES
from tests.lab.nats import Filtering, Mapping

PORTS = (7001, 7002)
REPLY_S = 0.4
TRIES = 2


@contextlib.asynccontextmanager
async def probe_server() -> AsyncIterator[None]:
    """Reply to probes on every address and port. Run it on the laboratory's server."""
    loop = asyncio.get_running_loop()
    sockets: dict[tuple[int, int], asyncio.DatagramTransport] = {}
    try:
        for i, address in enumerate(SERVER_ADDRESSES):
            for j, port in enumerate(PORTS):
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: _Replying(sockets), local_addr=(address, port)
                )
                sockets[i, j] = transport
        yield
    finally:
        for transport in sockets.values():
            transport.close()


async def probe(host: Host) -> tuple[Mapping | None, Filtering]:
    """The kind of NAT in front of a host; no mapping at all where nothing comes back."""
    return await host.run(_probe(host.address))


async def _probe(own: str) -> tuple[Mapping | None, Filtering]:
    with _bound() as one:
        seen = [await _ask(one, *where) for where in ((0, 0), (0, 1), (1, 0))]
        if None in seen:
            return None, Filtering.ALL
        if seen[0][0] == own:  # type: ignore[index]
            mapping = Mapping.NONE
        elif seen[0] == seen[1] == seen[2]:
            mapping = Mapping.ENDPOINT_INDEPENDENT
        else:
            mapping = Mapping.ADDRESS_AND_PORT
    for source, filtering in (
        ((1, 1), Filtering.ENDPOINT_INDEPENDENT),
        ((0, 1), Filtering.ADDRESS),
    ):
        with _bound() as fresh:
            if await _ask(fresh, 0, 0, source) is not None:
                return mapping, filtering
    return mapping, Filtering.ADDRESS_AND_PORT


@contextlib.contextmanager
def _bound() -> Any:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setblocking(False)
        made.bind(("", 0))
        yield made


async def _ask(
    one: socket.socket, address: int, port: int, source: tuple[int, int] | None = None
) -> list[Any] | None:
    """Where the server saw us, replied from `source`; None without a reply."""
    loop = asyncio.get_running_loop()
    question = json.dumps(source or (address, port)).encode()
    for _ in range(TRIES):
        await loop.sock_sendto(one, question, (SERVER_ADDRESSES[address], PORTS[port]))
        with contextlib.suppress(TimeoutError):
            reply, _ = await asyncio.wait_for(loop.sock_recvfrom(one, 500), REPLY_S)
            seen: list[Any] = json.loads(reply)
            return seen
    return None


class _Replying(asyncio.DatagramProtocol):
    def __init__(self, sockets: dict[tuple[int, int], asyncio.DatagramTransport]) -> None:
        self._sockets = sockets

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        address, port = json.loads(data)
        self._sockets[address, port].sendto(json.dumps(addr[:2]).encode(), addr)
