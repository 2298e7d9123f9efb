"""Who answers visitors, as the rest of an agent sees it: one process or several, it is one thing.

`in_process.py` answers in this process; `workers/pool.py` spreads visitors over others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from p2claw.agent.link_facts import LinkFacts
from p2claw.agent.public import PublicNames
from p2claw.agent.routes import Routes
from p2claw.wire.signalling import AgentMessage, BoxOffer

Send = Callable[[AgentMessage], None]


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """One process that answers visitors. number: from 0. pid: None between two lives.

    links: visitors that it has, also those whose link is not open yet. restarts: unasked ones.
    """

    number: int
    pid: int | None
    links: int
    uptime_s: float
    restarts: int


class OfferTaker(Protocol):
    """What a coordinator's messages about visitors are for."""

    def offer(self, offer: BoxOffer, names: PublicNames, send: Send) -> None:
        """Answer a visitor, or refuse it; both are said with send, never raised."""

    def candidate(self, session: str, candidate: str, mid: str) -> None:
        """Of a visitor; nothing where its link has ended."""

    def end(self, session: str) -> None:
        """The coordinator's part of a session is over."""


class Answering(OfferTaker, Protocol):
    """Answers offers and serves the links that come of them, by the newest routes it was given."""

    def __len__(self) -> int:
        """How many visitors have a link, or are getting one."""

    def apply(self, routes: Routes) -> None:
        """These routes from now on, for open links too. Also before `start`."""

    async def start(self) -> None:
        """Offers can be taken when it returns. Raises P2clawError; `close` is due even then."""

    async def links(self) -> list[tuple[int, LinkFacts]]:
        """All open links, each with the number of its worker."""

    def workers(self) -> list[WorkerFacts]:
        """All processes that answer, by number."""

    async def drain(self, timeout_s: float) -> None:
        """Refuse new visitors, let open requests finish for so long, then end every link."""

    async def close(self) -> None:
        """End everything now. May be called again."""
