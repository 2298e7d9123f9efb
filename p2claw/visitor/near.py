"""Which region's relays are near: measured beside a visit that is relayed, for those after it.

The coordinator asks for it with an introduction, where it does not know (docs/WIRE.md §12). What
came of it is kept in a file beside the pins; without pins nothing is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from aioice import stun

from p2claw.link.ice.lending import lent_by
from p2claw.link.ice.servers import TurnServer, read_servers
from p2claw.log import get_log
from p2claw.units import DAY_S
from p2claw.visitor.app_url import AppUrl
from p2claw.visitor.host_cache import HostCache
from p2claw.visitor.pins import PinStore
from p2claw.wire.signalling import IceServer, Measure

log = get_log("visitor")

FILE_NAME = "regions.json"
WORD_CHARS = 600
LASTS_S = 7 * DAY_S
# A relay lends an address after two round trips by UDP, and three by TCP.
LENT_S = 3.0
# The first time, names are looked up too.
ROUNDS = 2


class Near:
    """What is kept for the coordinator of one address."""

    def __init__(self, address: AppUrl, pins: PinStore | None) -> None:
        self._key = f"{address.dial_host}:{address.dial_port}"
        self._cache = None
        if pins is not None:
            self._cache = HostCache(pins.path.with_name(FILE_NAME), "regions", _is_fresh)

    @property
    def word(self) -> str:
        """For the query of a visit; "": nothing was measured in the last days."""
        kept = None if self._cache is None else self._cache.get(self._key)
        return "" if kept is None else str(kept[0])

    async def measure(self, asked: Measure, servers: Iterable[IceServer]) -> None:
        """Find out which region lends soonest, and keep it. servers: with the credentials."""
        lent = next((one for one in servers if one.credential is not None), None)
        if self._cache is None or lent is None:
            return
        took: dict[str, float] = {}
        for _ in range(ROUNDS):
            times = await asyncio.gather(
                *(
                    _lends_after_s(IceServer(urls, lent.username, lent.credential))
                    for urls in asked.regions.values()
                )
            )
            for region, took_s in zip(asked.regions, times, strict=True):
                if took_s is not None:
                    took[region] = min(took_s, took.get(region, took_s))
        if took:
            regions = sorted(took, key=lambda region: took[region])
            word = f"{asked.network}.{'~'.join(regions)}"
            self._cache.put(self._key, [word, int(time.time()) + LASTS_S])
            log.debug(
                "regions measured", nearest=regions[0], took_ms=round(1e3 * min(took.values()))
            )


async def _lends_after_s(server: IceServer) -> float | None:
    """By whichever way is first; None: by none in time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    tries = [asyncio.create_task(_lend(one)) for one in read_servers((server,)).turn]
    try:
        async with asyncio.timeout(LENT_S):
            for ended in asyncio.as_completed(tries):
                if await ended:
                    return loop.time() - began
    except TimeoutError:
        pass
    finally:
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    return None


async def _lend(server: TurnServer) -> bool:
    try:
        await lent_by(server)
    except (stun.TransactionError, OSError):
        return False
    return True


def _is_fresh(value: Any) -> bool:
    word, until_s = value
    is_word = isinstance(word, str) and word.isascii() and len(word) <= WORD_CHARS
    return is_word and 0 < until_s - time.time() <= LASTS_S
