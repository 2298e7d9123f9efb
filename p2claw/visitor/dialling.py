"""Races a direct dial against offer and answer: who opens first wins, the other leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from p2claw.link.channel import Channel
from p2claw.link.opening import Phase
from p2claw.link.visitor_peer import VisitorPeer
from p2claw.log import get_log
from p2claw.wire.signalling.dialling import Descriptor

log = get_log("visitor")

# A box that has not let a dial in by now never will (`box_link.DIAL_OPEN_S`).
DIAL_TIMEOUT_S = 5.0

# For the handshake of a box that is there: two more round trips, and a lost packet.
DIAL_MORE_S = 1.0
RESPONDED = frozenset((Phase.SECURING, Phase.OPENING))

Reached = tuple[VisitorPeer, Channel]


async def first_of(
    descriptor: Descriptor,
    offer: Callable[[], Awaitable[Reached]],
    *,
    patience_s: float,
    unanswered: Callable[[], None] = lambda: None,
) -> Reached:
    """Dial; after patience_s, or once the dial has failed, offer too.

    A box that has responded to a check by then is there, and is given more time: an offer would
    cost it a second link. unanswered: called if the offer has reached the box, and the dial nobody.
    Raises OSError if there is no socket, and what offer raises: whether a dial fails does not
    depend on the box alone.
    """
    dial = _Dial()
    dialling = asyncio.ensure_future(dial.run(descriptor))
    offering: asyncio.Future[Reached] | None = None
    try:
        await asyncio.wait([dialling], timeout=patience_s)
        if dial.is_answered:
            await asyncio.wait([dialling], timeout=DIAL_MORE_S)
        if not _is_open(dialling):
            offering = asyncio.ensure_future(offer())
            racing = [dialling, offering]
            await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            if not any(_is_open(one) for one in racing):
                # One has failed, and the other may still open.
                await asyncio.wait(racing)
        winner = dialling if offering is None or _is_open(dialling) else offering
        reached = winner.result()
    except BaseException:
        await _drop(dialling, offering)
        raise
    if winner is offering and not dial.is_answered:
        unanswered()
    log.debug("box reached", by="dial" if winner is dialling else "offer")
    await _drop(*(one for one in (dialling, offering) if one is not winner))
    return reached


class _Dial:
    """A dial, and whether anybody has responded to a check of it."""

    def __init__(self) -> None:
        self._peer = VisitorPeer()
        self._was_answered = False

    @property
    def is_answered(self) -> bool:
        return self._was_answered or self._peer.phase in RESPONDED

    async def run(self, descriptor: Descriptor) -> Reached:
        try:
            await self._peer.dial(descriptor)
            return self._peer, await self._peer.channel(timeout_s=DIAL_TIMEOUT_S)
        except BaseException:
            self._was_answered = self.is_answered
            await self._peer.close()
            raise


async def _drop(*losers: asyncio.Future[Reached] | None) -> None:
    """End what was begun, open or not."""
    for loser in losers:
        if loser is None:
            continue
        loser.cancel()
        (reached,) = await asyncio.gather(loser, return_exceptions=True)
        if isinstance(reached, tuple):
            await reached[0].close()


def _is_open(one: asyncio.Future[Reached]) -> bool:
    return one.done() and not one.cancelled() and one.exception() is None
