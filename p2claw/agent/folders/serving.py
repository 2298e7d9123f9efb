"""The folders that a process serves: each an HTTP server of its own that listens nowhere.

A connection to one is a pair of sockets, of which the pool of the app has one end. So a folder is
reached by the way of every other app and by no other, and no other process can reach it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from p2claw.agent.folders.folder import Folder
from p2claw.agent.folders.reading import Disk
from p2claw.agent.folders.thumbnails import Thumbnails
from p2claw.agent.folders.tree import Tree
from p2claw.agent.folders.zip_response import Zips
from p2claw.agent.request_faults import BoxBusyFault
from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.config import UpstreamLimits
from p2claw.units import KIB

# Longer than a pool keeps an idle connection, so that the pool closes it.
IDLE_S = 2 * UpstreamLimits().idle_s
# The head of a request may be as long as the longest that crosses a link (docs/WIRE.md §4).
HEAD_BYTES = 240 * KIB

Made = TypeVar("Made", bound=asyncio.BaseProtocol)


class Folders:
    """All folders of one process. home: of the agent; nothing in it is ever served."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._disk = Disk()
        self._thumbnails = Thumbnails(home / "thumbnails")
        self._zips = Zips()
        self._servers: dict[UpstreamAddress, web.Server] = {}

    async def dial(
        self, address: UpstreamAddress, make: Callable[[], Made], *, timeout_s: float
    ) -> tuple[asyncio.BaseTransport, Made]:
        """Connect to the folder of an address. Raises BoxBusyFault."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise BoxBusyFault(f"No socket could be made: {error.strerror}") from None
        loop = asyncio.get_running_loop()
        for end in (ours, theirs):
            end.setblocking(False)
        await loop.connect_accepted_socket(self._server(address), theirs)
        return await loop.create_unix_connection(make, sock=ours)

    def keep(self, addresses: set[UpstreamAddress]) -> None:
        """Forget all other folders; requests under way may finish."""
        for address in self._servers.keys() - addresses:
            del self._servers[address]

    def close(self) -> None:
        """All connections have been closed before."""
        self._servers.clear()
        self._thumbnails.close()
        self._disk.close()

    def _server(self, address: UpstreamAddress) -> web.Server:
        server = self._servers.get(address)
        if server is None:
            tree = Tree(address.folder, private=(str(self._home),))
            folder = Folder(
                tree,
                self._disk,
                self._thumbnails,
                self._zips,
                is_spa=address.spa,
                writable=address.writable,
            )
            server = self._servers[address] = web.Server(
                folder.respond,
                access_log=None,
                keepalive_timeout=IDLE_S,
                max_line_size=HEAD_BYTES,
                max_field_size=HEAD_BYTES,
            )
        return server
