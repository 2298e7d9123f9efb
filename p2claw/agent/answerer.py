"""Takes the offers of visitors: the tasks that their links are. Who gets one: `admission.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2claw.agent.admission import Admission
from p2claw.agent.box_link import BoxLink, Forward, Sign
from p2claw.agent.fields import Visit
from p2claw.agent.link_facts import LinkFacts
from p2claw.agent.public import PublicNames
from p2claw.config import AgentLimits
from p2claw.errors import P2clawError
from p2claw.link.handshake import SharedCertificate
from p2claw.link.port import open_port
from p2claw.log import get_log
from p2claw.wire.signalling import AgentMessage, BoxOffer, Refuse

log = get_log("agent")

CLOSE_TIMEOUT_S = 8.0


class Answerer:
    """sign: signs answers. exposes: whether an app is exposed now. forward: answers one request.

    udp_port: which the links share, 0: any. ended: told of each session whose link is over.
    """

    def __init__(
        self,
        sign: Sign,
        limits: AgentLimits,
        exposes: Callable[[str], bool],
        forward: Forward,
        *,
        udp_port: int = 0,
        ended: Callable[[str], None] = lambda session: None,
    ) -> None:
        self._sign = sign
        self._limits = limits
        self._forward = forward
        self._port = open_port(udp_port)
        self._certificate = SharedCertificate()
        self._told_ended = ended
        self._admission = Admission(limits, exposes)
        self._links: dict[str, BoxLink] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._links)

    def offer(
        self, offer: BoxOffer, names: PublicNames, send: Callable[[AgentMessage], None]
    ) -> None:
        """Answer a visitor in a task of its own, or refuse it at once."""
        app = self._admission.admit(offer, send)
        if app is None:
            return
        try:
            link = BoxLink(
                offer,
                Visit(app, names, offer.visitor),
                sign=self._sign,
                limits=self._limits,
                send=send,
                forward=self._forward,
                port=self._port,
                certificate=self._certificate.current(),
            )
        except P2clawError as error:
            log.warning("visitor not answered", session=offer.session[:8], error=error.message)
            self._admission.leave(offer.session)
            send(Refuse(offer.session, "protocol", error.message[:256]))
            return
        self._links[offer.session] = link
        task = asyncio.get_running_loop().create_task(link.run())
        self._tasks[offer.session] = task
        # A link outlives its offer: the callback holds on to no more of it than it needs.
        session = offer.session
        task.add_done_callback(lambda done: self._ended(session, app, done))

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
        self._admission.close()
        open_links = {key: link for key, link in self._links.items() if link.is_open}
        # Each ends by itself once it is drained.
        ending = [self._tasks[key] for key in open_links]
        ending += [asyncio.create_task(link.drain(timeout_s)) for link in open_links.values()]
        if ending:
            await asyncio.wait(ending, timeout=timeout_s + CLOSE_TIMEOUT_S)
        await self.close()

    async def close(self) -> None:
        """End every link now."""
        self._admission.close()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)
            if late:
                log.error("links do not end", links=len(late))
        self._port.close()

    def _ended(self, session: str, app: str, task: asyncio.Task[None]) -> None:
        self._links.pop(session, None)
        self._tasks.pop(session, None)
        self._admission.leave(session)
        self._told_ended(session)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.fault("link failed", error, session=session[:8], app=app)
