"""Moves a link that a relay carries to a direct path, if one works after all."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aioice.ice import CandidatePair

from p2claw.log import get_log

log = get_log("link")

# So long the direct pairs of a link that began relayed are checked again: retransmissions leave
# after 0.5, 1.5, 3.5 and 7.5 s, and a NAT forgets what opened it after 30 s.
IMPROVING_S = 10.0


class Improvable(Protocol):
    """The ICE agent of a link, as far as this file needs it."""

    @property
    def is_relayed(self) -> bool:
        """Whether a relay carries the link."""

    def direct_pairs(self) -> list[CandidatePair]:
        """The pairs without a relay."""

    async def check_now(self, pair: CandidatePair) -> None:
        """Check a pair and wait for the end of the check, which may nominate it."""


async def improve(agent: Improvable) -> None:
    """Check the direct pairs until one carries the link, all have failed, or time is over.

    A check nominates, so its response moves this side at once, and the other follows. The other
    side has checked these pairs before, so its NAT is open to them.
    """
    pairs = agent.direct_pairs()
    checks = [asyncio.create_task(agent.check_now(pair)) for pair in pairs]
    try:
        async with asyncio.timeout(IMPROVING_S):
            left = checks
            while left and agent.is_relayed:
                _, pending = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                left = list(pending)
    except TimeoutError:
        log.debug("no direct path found", pairs=len(pairs))
    finally:
        for check in checks:
            check.cancel()
        if checks:
            await asyncio.wait(checks)
