"""Takes the offers of visitors: who gets a link, and the tasks that those links are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from p2claw.agent.box_link import BoxLink, Forward, LinkFacts
from p2claw.agent.fields import Visit
from p2claw.agent.identity import Identity
from p2claw.agent.public import PublicNames
from p2claw.config import AgentLimits
from p2claw.errors import P2clawError
from p2claw.log import get_log
from p2claw.wire.signalling import AgentMessage, BoxOffer, Refuse

log = get_log("agent")

CLOSE_TIMEOUT_S = 8.0


class Answerer:
    """exposes: whether an app is exposed now. forward: answers one request."""

    def __init__(
        self,
        identity: Identity,
        limits: AgentLimits,
        exposes: Callable[[str], bool],
        forward: Forward,
    ) -> None:
        self._identity = identity
        self._limits = limits
        self._exposes = exposes
        self._forward = forward
        self._links: dict[str, BoxLink] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._visitors: Counter[str] = Counter()
        self._draining = False

    def __len__(self) -> int:
        return len(self._links)

    def offer(
        self, offer: BoxOffer, names: PublicNames, send: Callable[[AgentMessage], None]
    ) -> None:
        """Answer a visitor in a task of its own, or refuse it at once."""
        refusal = self._refusal(offer)
        if refusal is not None or offer.app is None:
            code, message = refusal or ("app-unknown", "No app was named")
            log.info("visitor refused", session=offer.session[:8], app=offer.app, code=code)
            send(Refuse(offer.session, code, message))
            return
        try:
            link = BoxLink(
                offer,
                Visit(offer.app, names, offer.visitor),
                identity=self._identity,
                limits=self._limits,
                send=send,
                forward=self._forward,
            )
        except P2clawError as error:
            log.warning("visitor not answered", session=offer.session[:8], error=error.message)
            send(Refuse(offer.session, "protocol", error.message[:256]))
            return
        self._links[offer.session] = link
        self._visitors[offer.visitor] += 1
        task = asyncio.get_running_loop().create_task(link.run())
        self._tasks[offer.session] = task
        task.add_done_callback(lambda done: self._ended(offer, done))

    def candidate(self, session: str, candidate: str, mid: str) -> None:
        """Of a visitor; nothing where its link has ended."""
        link = self._links.get(session)
        if link is not None:
            link.candidate(candidate, mid)

    def end(self, session: str) -> None:
        """The coordinator's part of a session is over."""
        link = self._links.get(session)
        if link is not None:
            link.end()

    def facts(self) -> list[LinkFacts]:
        """Of all links that are open, the oldest first."""
        return [link.facts() for link in self._links.values() if link.is_open]

    async def drain(self, timeout_s: float) -> None:
        """Refuse new visitors, let open requests finish for so long, then close every link."""
        self._draining = True
        open_links = {key: link for key, link in self._links.items() if link.is_open}
        # Each ends by itself once it is drained.
        ending = [self._tasks[key] for key in open_links]
        ending += [asyncio.create_task(link.drain(timeout_s)) for link in open_links.values()]
        if ending:
            await asyncio.wait(ending, timeout=timeout_s + CLOSE_TIMEOUT_S)
        await self.close()

    async def close(self) -> None:
        """End every link now."""
        self._draining = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)
            if late:
                log.error("links do not end", links=len(late))

    def _refusal(self, offer: BoxOffer) -> tuple[str, str] | None:
        """A code of docs/WIRE.md §12, and why, where this visitor gets no link."""
        if offer.app is None or not self._exposes(offer.app):
            return "app-unknown", "The box does not expose this app"
        if self._draining:
            return "box-busy", "The box is going down"
        if offer.session in self._links:
            return "protocol", "The session was offered before"
        if len(self._links) >= self._limits.links:
            return "box-busy", f"The box has its {self._limits.links} links"
        if self._visitors[offer.visitor] >= self._limits.links_per_visitor:
            return "box-busy", "The box has enough links to this visitor's network"
        return None

    def _ended(self, offer: BoxOffer, task: asyncio.Task[None]) -> None:
        self._links.pop(offer.session, None)
        self._tasks.pop(offer.session, None)
        self._visitors[offer.visitor] -= 1
        if self._visitors[offer.visitor] <= 0:
            del self._visitors[offer.visitor]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.fault("link failed", error, session=offer.session[:8], app=offer.app)
