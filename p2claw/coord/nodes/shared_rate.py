"""A rate limit of addresses that all nodes share. Without a bus it is that of this node alone.

Each node looks into its own table first, so that a flood at one node costs the bus nothing. While
the bus is silent each node limits by itself.
"""

from __future__ import annotations

import asyncio
import contextlib

from p2claw.coord.bus.base import Bus, BusError
from p2claw.coord.client_address import Address, network_of
from p2claw.coord.rate_limits import RateLimit

# What a visit waits at most for the reply of the bus.
REPLY_S = 0.25


class SharedRate:
    """kind: names the limit among those that the nodes share."""

    def __init__(
        self, kind: str, burst: int, per_minute: float, addresses: int, bus: Bus | None
    ) -> None:
        self._kind = kind
        self._burst = burst
        self._per_minute = per_minute
        self._own = RateLimit(burst, per_minute, addresses)
        self._bus = bus
        self._noting: set[asyncio.Task[float]] = set()

    async def spend(self, address: Address) -> float:
        """Use one up: 0.0 if there was one, else in how many seconds there will be."""
        wait_s = self._own.spend(address, asyncio.get_running_loop().time())
        return wait_s if wait_s > 0 or self._bus is None else await self._shared(address, 1)

    async def wait_s(self, address: Address) -> float:
        """As `spend`, but nothing is used up."""
        wait_s = self._own.wait_s(address, asyncio.get_running_loop().time())
        return wait_s if wait_s > 0 or self._bus is None else await self._shared(address, 0)

    def note(self, address: Address) -> None:
        """Use one up, if there is one, and do not wait for it."""
        self._own.spend(address, asyncio.get_running_loop().time())
        if self._bus is not None:
            noting = asyncio.get_running_loop().create_task(self._shared(address, 1))
            self._noting.add(noting)
            noting.add_done_callback(self._noting.discard)

    async def _shared(self, address: Address, count: int) -> float:
        assert self._bus is not None, "who has no bus asks nobody"
        key = network_of(address)
        with contextlib.suppress(BusError, TimeoutError):
            async with asyncio.timeout(REPLY_S):
                return await self._bus.spend(
                    self._kind, key, self._burst, self._per_minute, count=count
                )
        return 0.0
