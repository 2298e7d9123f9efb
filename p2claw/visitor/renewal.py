"""Finds another link for a visitor's session when its own is lost, or falls silent beyond its pace.

The old link is given up only once another is open. Then the session goes on where it was, if the
box still has it (docs/WIRE.md §15).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from p2claw.errors import LinkError, P2clawError
from p2claw.link.pump import Pump
from p2claw.log import get_log
from p2claw.visitor.signalling import Opened
from p2claw.wire.session.delivery import Resumption
from p2claw.wire.session.pace import LOOK_S, Doubt, Pace
from p2claw.wire.session.session import Session

log = get_log("visitor")

# The time for the box to reply whether a session goes on.
REPLY_TIMEOUT_S = 5.0

# Between tries: the box may be away for as long as its agent takes to start again.
RETRY_FIRST_S = 0.1
RETRY_MOST_S = 2.0


@dataclass(frozen=True, slots=True)
class Link:
    """A link and the session that it carries."""

    opened: Opened
    pump: Pump

    async def close(self) -> None:
        await self.pump.close()
        await self.opened.peer.close()


class Renewal:
    """Watches a link, and those that follow it, for as long as its session lasts.

    reach: opens a channel to the process of the box that has this place. begin: a session for it.
    replaced: called with each new link. Its pump is the old one where the session goes on; else the
    session is lost, and so are its requests.
    """

    def __init__(
        self,
        link: Link,
        *,
        reach: Callable[[int | None], Awaitable[Opened]],
        begin: Callable[[Resumption | None], Session],
        replaced: Callable[[Link, Link], None],
    ) -> None:
        self._link = link
        self._reach = reach
        self._begin = begin
        self._replaced = replaced
        self._pace = Pace()
        link.pump.on_pong = self._pong

    async def run(self) -> None:
        """Until the session has ended."""
        with contextlib.suppress(LinkError):
            while True:
                await self._trouble()
                await self._renew()

    async def _trouble(self) -> None:
        """Wait until the path is lost or suspect. Raises LinkError when the session is over."""
        loop = asyncio.get_running_loop()
        pump = self._link.pump
        while not pump.is_waiting:
            if not pump.session.streams:
                await pump.news()
                self._began(pump)
                continue
            await asyncio.sleep(LOOK_S)
            doubt = self._pace.look(pump.session.counters.messages_in, loop.time())
            if doubt is Doubt.PING:
                pump.ping()
            elif doubt is Doubt.SUSPECT and pump.session.can_resume:
                return

    def _began(self, pump: Pump) -> None:
        waits = bool(pump.session.streams)
        if waits and self._pace.begin(asyncio.get_running_loop().time()) is Doubt.PING:
            pump.ping()

    async def _renew(self) -> None:
        """Find another link, unless messages come over the old one again.

        Raises LinkError if neither happens in time.
        """
        pump = self._link.pump
        before, delay_s = pump.session.counters.messages_in, RETRY_FIRST_S
        while True:
            try:
                await self._replace(self._link)
            except P2clawError as error:
                log.debug("no other link", code=error.code, error=error.message)
            else:
                break
            if pump.loss is not None:
                raise pump.loss
            if not pump.is_waiting and pump.session.counters.messages_in != before:
                break
            await asyncio.sleep(delay_s)
            delay_s = min(RETRY_MOST_S, 2 * delay_s)
        self._pace.renewed(asyncio.get_running_loop().time())

    async def _replace(self, old: Link) -> None:
        """Raises P2clawError."""
        hello = old.pump.session.peer_hello
        opened = await self._reach(None if hello is None else hello.place)
        # From here on nothing may come on the old link: the new one reports what has.
        old.pump.freeze()
        pump = Pump(self._begin(old.pump.session.resumption), opened.channel)
        pump.start()
        try:
            received = await pump.resume_reply(timeout_s=REPLY_TIMEOUT_S)
        except BaseException:
            # Without GOAWAY: the box may have taken the link for the session already.
            pump.abandon(LinkError("the link was given up"))
            await opened.peer.close()
            raise
        if received is None:
            old.pump.abandon(LinkError("the box has lost the session", code="session-lost"))
        else:
            old.pump.adopt(pump.hand_over(), received)
            pump = old.pump
        pump.on_pong = self._pong
        self._link = Link(opened, pump)
        self._replaced(old, self._link)
        log.info("link replaced", resumed=received is not None, path=opened.peer.path())
        await old.opened.peer.close()

    def _pong(self, rtt_s: float) -> None:
        self._pace.pong(rtt_s, asyncio.get_running_loop().time())
