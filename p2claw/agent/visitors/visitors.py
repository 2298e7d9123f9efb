"""The visitors of a box, as the rest of an agent sees them: served by one process or by several.

`in_process.py` serves them in this process; `workers/workers.py` assigns them to workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Routes
from p2claw.agent.visitors.facts import LinkFacts, WorkerFacts
from p2claw.config import PublicAddress
from p2claw.wire.signalling import AgentMessage, BoxOffer
from p2claw.wire.signalling.dialling import Descriptor

Send = Callable[[AgentMessage], None]


class Introduced(Protocol):
    """The receiver of messages that a coordinator passes on from visitors."""

    def offer(self, offer: BoxOffer, names: PublicNames, send: Send) -> None:
        """Answer the offer or refuse the visitor, by `send`; nothing is raised."""

    def descriptors(self, names: PublicNames) -> tuple[Descriptor, ...]:
        """The descriptors by which visitors dial this box, one of each process that they reach.

        A visitor uses one of them. The caller asks again within `link.dial_keys.RENEW_S`, and
        whenever the names have changed.
        """

    def knocks_wanted(self, names: PublicNames) -> tuple[bytes, tuple[int, ...]]:
        """The token, and the UDP ports at the address of `names.seen` that the coordinator is to
        knock at; no ports: none that strangers are meant to reach.
        """

    def knocks_over(self, token: bytes, ports: tuple[int, ...]) -> bool:
        """The coordinator has knocked at these ports, and what has not come by now was lost.

        Returns whether the box is to be dialled otherwise than before.
        """

    @property
    def has_closed_port(self) -> bool:
        """Whether a knock at a port did not come."""

    def candidate(self, session: str, candidate: str, mid: str) -> None:
        """A candidate of a visitor. Ignored if its link has ended."""

    def end(self, session: str) -> None:
        """The coordinator passes on nothing more of this session."""


class Visitors(Introduced, Protocol):
    """All visitors of a box. Their requests go by the newest routes that `apply` was given."""

    def __len__(self) -> int:
        """How many visitors have a link, or are getting one."""

    def apply(self, routes: Routes) -> None:
        """Use these routes from now on, for open links too. May be called before `start`."""

    def entries_ended(self, sessions: Iterable[str]) -> None:
        """These sessions of guarded apps have ended: so do the requests by them."""

    def close_apps(self, until: Mapping[str, float]) -> None:
        """These apps have used up their month, until Unix seconds, and no others: requests for them
        get an error. May be called before `start`."""

    def end_links(self) -> None:
        """End every link of now. Visitors find a box by themselves, this one or another."""

    async def start(self) -> None:
        """Returns when offers can be answered.

        Raises P2clawError; `close` must be called even then.
        """

    async def links(self) -> list[tuple[int, LinkFacts]]:
        """All open links, each with the number of its worker."""

    def workers(self) -> list[WorkerFacts]:
        """All processes that serve visitors, by number."""

    def refused(self) -> dict[str, int]:
        """What was refused until now, and how often, by `what/code`: `refusals.py`."""

    def traffic(self) -> dict[str, int]:
        """What visitors have moved until now, and how apps responded, by name: `traffic.py`."""

    def udp_ports(self) -> Mapping[int, int]:
        """The UDP port of each process that serves visitors, by its number. After `start`."""

    def mapped(self, addresses: Mapping[int, PublicAddress]) -> None:
        """The router forwards these to those ports; to none of the others any more."""

    async def drain(self, timeout_s: float) -> None:
        """Refuse new visitors, let open requests finish within timeout_s, then end every link."""

    async def close(self) -> None:
        """End everything now. May be called again."""
