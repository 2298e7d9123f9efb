"""Keeps a lease of a relay service at hand, renewed long before it ends.

The server works on without these relays while the service lends nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NoReturn

import aiohttp

from p2claw.config import TurnKey
from p2claw.coord.ice import Lease
from p2claw.coord.turn_key import LEASE_S, TurnKeyError, ask
from p2claw.link.backoff import Backoff
from p2claw.log import get_log

log = get_log("coordinator")

# A lease is renewed when half of it is left, and given to nobody in its last ten minutes: a visit
# that begins then shall have its relay for some time.
RENEW_S = LEASE_S / 2
LAST_S = 600
# Between tries: from 1 to 61 s, and five minutes if only the operator can help.
LEAST_S = 1.0
REFUSED_S = 300.0


class LeasedRelays:
    """The relays of one TURN key. wall_s: the clock of Unix seconds."""

    def __init__(self, key: TurnKey, *, wall_s: Callable[[], float] = time.time) -> None:
        self._key = key
        self._wall_s = wall_s
        self._lease: Lease | None = None
        self._backoff = Backoff(base_s=2.0)
        self._failures = 0

    def lease(self, now_s: int) -> Lease | None:
        """The lease that a visit of this moment is given, if there is one. now_s: Unix seconds."""
        lease = self._lease
        return lease if lease is not None and now_s < lease.expires_at_s - LAST_S else None

    async def keep(self) -> NoReturn:
        """Fetch and renew the lease until cancelled."""
        async with aiohttp.ClientSession(trust_env=True) as client:
            while True:
                wait_s = await self.refresh(client)
                await asyncio.sleep(wait_s)

    async def refresh(self, client: aiohttp.ClientSession) -> float:
        """Ask once for a new lease; returns after how many seconds to ask again."""
        try:
            self._lease = await ask(client, self._key, int(self._wall_s()))
        except TurnKeyError as error:
            return self._failed(error)
        if self._failures:
            log.info("relay credentials back", tries=self._failures)
            self._failures = 0
            self._backoff.reset()
        return RENEW_S

    def _failed(self, error: TurnKeyError) -> float:
        """Log the first failure of a spell; returns how long to wait."""
        self._failures += 1
        if self._failures == 1:
            now_s = int(self._wall_s())
            lease = self.lease(now_s)
            log.warning(
                "relay credentials failing",
                code=error.code,
                error=error.message,
                left_s=lease.expires_at_s - LAST_S - now_s if lease else 0,
            )
        delay_s = self._backoff.next_delay_s(least_s=max(LEAST_S, error.retry_s))
        return max(delay_s, REFUSED_S) if error.is_refusal else delay_s
