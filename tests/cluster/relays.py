"""Whether the relays that visitors are given lend them an address: asked all the time."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aioice import stun, turn

from p2claw.link.ice.servers import TurnServer, read_servers
from tests.cluster.visits import Visits

_EVERY_S = 0.5
_ALLOCATE_S = 2.0


class Relays:
    """failed: when an allocation failed, and at which port. asked: how many were."""

    def __init__(self, visits: Visits) -> None:
        self.asked = 0
        self.failed: list[tuple[float, int]] = []
        self._visits = visits

    async def run(self) -> None:
        """Ask every relay that the last introduction has named, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await self._ask_all()

    async def served(self) -> None:
        """Return when the relays of an introduction of now all lend."""
        began = time.monotonic()
        while self._visits.introduced_at < began or not await self._ask_all():  # noqa: ASYNC110
            await asyncio.sleep(_EVERY_S)

    async def _ask_all(self) -> bool:
        servers = read_servers(self._visits.ice_servers).turn
        lend = await asyncio.gather(*map(_lends, servers))
        now = time.monotonic()
        self.asked += len(servers)
        self.failed += [
            (now, server.port) for server, does in zip(servers, lend, strict=True) if not does
        ]
        return bool(servers) and all(lend)


async def _lends(server: TurnServer) -> bool:
    making = asyncio.ensure_future(
        turn.create_turn_endpoint(
            asyncio.DatagramProtocol,
            server_addr=(server.host, server.port),
            username=server.username,
            password=server.credential,
            transport=server.transport,
        )
    )
    done, _ = await asyncio.wait({making}, timeout=_ALLOCATE_S)
    if not done:
        making.cancel()
    with contextlib.suppress(asyncio.CancelledError, OSError, stun.TransactionError):
        transport, _ = await making
        transport.close()
        return True
    return False
