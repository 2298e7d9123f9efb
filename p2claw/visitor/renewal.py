"""Finds another link for a visitor's session when its own is lost, or falls silent beyond its pace,
when its relay has become slow, or when this machine's way to the box has become another one.

The old link is given up only once another is open. Then the session goes on where it was, if the
box still has it (docs/WIRE.md §15).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from p2claw.errors import LinkError, P2clawError
from p2claw.link.ice.way import Way
from p2claw.link.pump import Pump
from p2claw.log import get_log
from p2claw.visitor.signalling import Opened
from p2claw.visitor.slow_path import SlowPath
from p2claw.wire.session.delivery import Resumption
from p2claw.wire.session.pace import Doubt, Pace
from p2claw.wire.session.session import Session

log = get_log("visitor")

# The time for the box to reply whether a session goes on.
REPLY_TIMEOUT_S = 5.0

# How often to look whether messages come over the old link again, and none is needed.
RECOVERED_LOOK_S = 0.02

# How often to look whether a relay has become slow.
SLOW_LOOK_S = 0.25

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
        self._slow = SlowPath()
        self._slow_look_at = 0.0
        self._way = Way()
        link.pump.on_pong = self._pong

    async def run(self) -> None:
        """Until the session has ended."""
        self._way.start(self._link.opened.peer.far)
        try:
            with contextlib.suppress(LinkError):
                while True:
                    await self._renew(regardless=await self._trouble())
        finally:
            self._way.close()

    async def _trouble(self) -> bool:
        """Wait until the path is lost, suspect or slow; returns whether another link is wanted
        whatever comes over this one.

        Raises LinkError when the session is over.
        """
        loop = asyncio.get_running_loop()
        pump, way = self._link.pump, self._way
        while not pump.is_waiting:
            if way.has_moved:
                if pump.session.can_resume:
                    return True
                way.settle(self._link.opened.peer.far)
            if not pump.session.streams:
                await _first_of(pump.news(), way.moved())
                self._began(pump)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.look_s):
                    await way.moved()
                    continue
            doubt = self._pace.look(pump.session.counters.messages_in, loop.time())
            if doubt is Doubt.PING:
                self._ask(pump)
            elif doubt is Doubt.SUSPECT and pump.session.can_resume:
                return False
            elif self._is_slow() and pump.session.can_resume:
                log.debug("relay slow")
                return True
        return False

    def _began(self, pump: Pump) -> None:
        waits = bool(pump.session.streams)
        if waits and self._pace.begin(asyncio.get_running_loop().time()) is Doubt.PING:
            self._ask(pump)

    def _is_slow(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now < self._slow_look_at:
            return False
        self._slow_look_at = now + SLOW_LOOK_S
        peer = self._link.opened.peer
        plane = peer.stats().plane if peer.path() == "relayed" else None
        if plane is None:
            return self._slow.look(is_relayed=False, rtt_s=0.0, least_s=0.0, now=now)
        rtt_s, least_s = plane["rtt_ms"] / 1000, plane["rtt_least_ms"] / 1000
        return self._slow.look(is_relayed=True, rtt_s=rtt_s, least_s=least_s, now=now)

    def _ask(self, pump: Pump) -> None:
        """Ask the box whether it is there; it also learns so if our NAT has moved us."""
        pump.ping()
        self._link.opened.peer.check_path()

    async def _renew(self, *, regardless: bool) -> None:
        """Find another link, unless messages come over the old one again.

        regardless: whatever comes over the old one. Raises LinkError if neither happens in time.
        """
        link, pump = self._link, self._link.pump
        before, delay_s = pump.session.counters.messages_in, RETRY_FIRST_S
        while True:
            self._way.settle(link.opened.peer.far)
            replacing = asyncio.get_running_loop().create_task(self._replace(link))
            try:
                while not (replacing.done() or self._way.has_moved or self._link is not link):
                    await asyncio.wait({replacing}, timeout=RECOVERED_LOOK_S)
                    if not regardless and self._link is link and _is_well(pump, before):
                        return
                if replacing.done():
                    replacing.result()
            except (P2clawError, OSError) as error:
                log.debug("no other link", code=getattr(error, "code", ""), error=str(error))
            finally:
                # Once the link is another one, all that it waits for is the end of the old one.
                replacing.cancel()
                await asyncio.gather(replacing, return_exceptions=True)
            if self._link is not link:
                break
            if pump.loss is not None:
                raise pump.loss
            if regardless:
                # The old one may work all the same, and then it stays.
                regardless = False
                if not pump.is_waiting:
                    pump.ping()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._way.moved()
            delay_s = min(RETRY_MOST_S, 2 * delay_s)
        self._way.settle(self._link.opened.peer.far)
        self._pace.renewed(asyncio.get_running_loop().time())
        self._link.pump.ping()

    async def _replace(self, old: Link) -> None:
        """Raises P2clawError, OSError."""
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


def _is_well(pump: Pump, before: int) -> bool:
    """Whether messages have come over the link since. before: how many had."""
    return not pump.is_waiting and pump.session.counters.messages_in != before


async def _first_of(*waits: Coroutine[Any, Any, None]) -> None:
    """Wait for the first of them, and raise what it raises."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
