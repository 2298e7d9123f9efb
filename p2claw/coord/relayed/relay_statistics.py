"""Listens to what every coturn publishes in one Redis, and writes it into the ledger.

Several nodes listen to the same messages; the ledger counts each byte once (`ledger.py`).
"""

from __future__ import annotations

import asyncio
from collections import Counter

from redis.asyncio import Redis
from redis.exceptions import RedisError

from p2claw.config import BusAddress
from p2claw.coord.relayed.ledger import Ledger, LedgerError, Now
from p2claw.coord.relayed.statistics import PATTERNS, Statistics
from p2claw.log import get_log

log = get_log("coordinator")

CONNECT_S = 5.0
# Between two tries to listen again; what is published meanwhile is not heard.
AGAIN_S = 1.0
# So often it is asked whether a silent Redis is still there.
ALIVE_S = 10.0


class RelayStatistics:
    """address: of the Redis. is_there: whether it is listened to."""

    def __init__(self, address: BusAddress, ledger: Ledger) -> None:
        self.is_there = False
        self._address = address
        self._ledger = ledger
        self._statistics = Statistics()

    async def read(self, now: Now) -> None:
        """Write down what was heard since the last time. Raises LedgerError."""
        changed = self._statistics.changed()
        if not changed:
            return
        try:
            await self._ledger.raise_to(now, changed)
        except LedgerError:
            self._statistics.again(changed)
            raise

    def open(self) -> Counter[str]:
        """Allocations that there are, by realm."""
        return self._statistics.open(asyncio.get_running_loop().time())

    def moved(self) -> Counter[str]:
        """Bytes since the start, by realm."""
        return self._statistics.bytes

    async def run(self) -> None:
        """Listen until cancelled."""
        is_failing = False
        while True:
            try:
                await self._listen()
            except (OSError, RedisError, LedgerError, TimeoutError) as error:
                if not is_failing or self.is_there:
                    log.error("relay statistics not heard", redis=str(self._address), error=error)
                is_failing, self.is_there = True, False
            await asyncio.sleep(AGAIN_S)

    async def _listen(self) -> None:
        client = Redis.from_url(
            self._address.url, protocol=2, socket_connect_timeout=CONNECT_S, health_check_interval=0
        )
        try:
            # Before one listens: what is published after it is in nothing that is read here.
            self._statistics.begin(await self._ledger.known())
            listening = client.pubsub(ignore_subscribe_messages=True)
            async with listening:
                await listening.psubscribe(*PATTERNS)
                self.is_there = True
                log.info("relay statistics heard", redis=str(self._address))
                await self._hear(listening)
        finally:
            await client.aclose()

    async def _hear(self, listening: object) -> None:
        loop = asyncio.get_running_loop()
        pubsub = listening
        asked_at = loop.time()
        while True:
            message = await pubsub.get_message(timeout=ALIVE_S)  # type: ignore[attr-defined]
            now = loop.time()
            if message is not None and message["type"] == "pmessage":
                self._statistics.heard(message["channel"], message["data"], now)
            elif now - asked_at > ALIVE_S:
                asked_at = now
                async with asyncio.timeout(CONNECT_S):
                    await pubsub.ping()  # type: ignore[attr-defined]
