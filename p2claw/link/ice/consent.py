"""Notices within 15 s that nobody answers on the path any more (RFC 7675).

aioice asks every 5 s and gives up after six losses, 33 s, counting an answer slower than 0.5 s as a
loss: a download through a slow modem kills its own link. Here one unanswered span ends the link,
and an answer may take seconds.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from aioice import Connection, stun
from aioice.ice import CandidatePair

# 2.0 x 1.2 between questions + 12 without any answer = 14.4 s at most.
INTERVAL_S = 2.0
EXPIRY_S = 12.0

# Two retransmissions: 0.5 + 1 + 2 = 3.5 s for one question (RFC 8489 §6.2.1).
RETRANSMISSIONS = 2

# Between two questions of which the first was refused at once.
REFUSED_PAUSE_S = 0.5


async def keep_consent(connection: Connection, on_rtt: Callable[[float], None]) -> float:
    """Ask until nobody has answered for EXPIRY_S. Returns the seconds of silence.

    on_rtt: told the round trip of the path, in seconds, with every answer to a first question.
    """
    loop = asyncio.get_running_loop()
    answered_at = loop.time()
    while True:
        await asyncio.sleep(INTERVAL_S * (0.8 + 0.4 * random.random()))
        try:
            async with asyncio.timeout(EXPIRY_S):
                await _answered(connection, on_rtt)
        except TimeoutError:
            return loop.time() - answered_at
        answered_at = loop.time()


async def _answered(connection: Connection, on_rtt: Callable[[float], None]) -> None:
    """Ask on the selected pair until an answer comes."""
    loop = asyncio.get_running_loop()
    while True:
        asked_at = loop.time()
        pair: CandidatePair | None = connection._nominated.get(1)
        if pair is None or connection.remote_password is None:
            await asyncio.sleep(REFUSED_PAUSE_S)
            continue
        try:
            await pair.protocol.request(
                connection.build_request(pair, nominate=False),
                pair.remote_addr,
                integrity_key=connection.remote_password.encode(),
                retransmissions=RETRANSMISSIONS,
            )
        except stun.TransactionTimeout:
            continue
        except stun.TransactionError:
            await asyncio.sleep(REFUSED_PAUSE_S)
            continue
        rtt_s = loop.time() - asked_at
        if rtt_s < stun.RETRY_RTO:  # later, it may be the answer to a retransmission
            on_rtt(rtt_s)
        return
