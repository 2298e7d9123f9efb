"""Opens the bus that `--bus` names. What it needs is imported only where it is named."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from p2claw.config import BusAddress
from p2claw.errors import UsageError
from p2claw.extras import install_command

if TYPE_CHECKING:
    from p2claw.coord.bus.redis_bus import RedisBus


@contextlib.asynccontextmanager
async def opened_bus(address: BusAddress, node_listen: str = "") -> AsyncIterator[RedisBus | None]:
    """The bus while the block runs; None: this process is the whole coordinator.

    node_listen: of `RedisBus`. Raises UsageError `extra-missing`, `bus-unavailable`,
    `listen-failed`, `node-address-unknown`.
    """
    if not address.kind:
        yield None
        return
    try:
        from p2claw.coord.bus.redis_bus import RedisBus
    except ImportError as error:
        raise UsageError(
            f"--bus needs redis-py, which cannot be loaded: {error}",
            code="extra-missing",
            hint=f"Install it: {install_command('cluster')}",
        ) from None
    async with RedisBus(address, node_listen) as bus:
        yield bus
