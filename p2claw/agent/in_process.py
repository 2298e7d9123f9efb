"""Answers visitors in this process: the answerer of offers, and the proxy behind its links.

An agent without workers has one of these; each worker has one of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from p2claw.agent.answerer import Answerer
from p2claw.agent.answering import Send, WorkerFacts
from p2claw.agent.box_link import Sign
from p2claw.agent.link_facts import LinkFacts
from p2claw.agent.notices import Notice
from p2claw.agent.proxy import Proxy
from p2claw.agent.public import PublicNames
from p2claw.agent.routes import Routes
from p2claw.agent.spool import SpoolSpace
from p2claw.config import AgentLimits
from p2claw.wire.signalling import BoxOffer


class InProcess:
    """sign: signs answers. noticed: takes what is noticed of apps. udp_port: of the links, 0: any.

    ended: told of each session's end.
    """

    def __init__(
        self,
        sign: Sign,
        limits: AgentLimits,
        spool_dir: Path,
        *,
        noticed: Callable[[Notice], None],
        udp_port: int = 0,
        ended: Callable[[str], None] = lambda session: None,
    ) -> None:
        self._started_s = time.monotonic()
        self._routes: Routes = {}
        space = SpoolSpace(spool_dir, limits.spool)
        self._proxy = Proxy(lambda app: self._routes.get(app), space, limits, noticed)
        self._answerer = Answerer(
            sign,
            limits,
            lambda app: app in self._routes,
            self._proxy.forward,
            udp_port=udp_port,
            ended=ended,
        )

    def __len__(self) -> int:
        return len(self._answerer)

    def apply(self, routes: Routes) -> None:
        self._routes = routes
        self._proxy.apply(routes)

    async def start(self) -> None:
        """There is nothing to wait for."""

    def offer(self, offer: BoxOffer, names: PublicNames, send: Send) -> None:
        self._answerer.offer(offer, names, send)

    def candidate(self, session: str, candidate: str, mid: str) -> None:
        self._answerer.candidate(session, candidate, mid)

    def end(self, session: str) -> None:
        self._answerer.end(session)

    async def links(self) -> list[tuple[int, LinkFacts]]:
        return [(0, facts) for facts in self._answerer.facts()]

    def workers(self) -> list[WorkerFacts]:
        uptime_s = time.monotonic() - self._started_s
        return [WorkerFacts(0, os.getpid(), len(self), uptime_s, restarts=0)]

    async def drain(self, timeout_s: float) -> None:
        await self._answerer.drain(timeout_s)

    async def close(self) -> None:
        await self._answerer.close()
        self._proxy.close()
