"""Decides which visitors are admitted: by the limits of the whole box.

A visitor is a link, not an address: behind one address there may be a whole school. The number of
links is limited, and how many of them one network may have depends on how many are free. If there
is no room for a newcomer, a visitor that is gone (`vigil.py`) loses its place.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from p2claw.agent.visitors.refusals import DIALS, PLACES, VISITORS, Refusals
from p2claw.config import AgentLimits
from p2claw.fair_shares import FairShares
from p2claw.log import get_log
from p2claw.wire.signalling import AgentMessage, BoxOffer, Refuse

log = get_log("agent")


class Admission:
    """The visitors that are admitted now.

    exposes: returns whether an app is exposed now. evict: ends the link of a session whose place
    was given to another. refusals: counts those that are refused.
    """

    def __init__(
        self,
        limits: AgentLimits,
        exposes: Callable[[str], bool],
        evict: Callable[[str], None] = lambda session: None,
        refusals: Refusals | None = None,
    ) -> None:
        self._refusals = refusals or Refusals()
        self._exposes = exposes
        self._evict = evict
        self._links = FairShares(limits.links)
        self._network_of: dict[str, str] = {}
        self._gone: OrderedDict[str, None] = (
            OrderedDict()
        )  # sessions of visitors that are gone, the one that has been gone longest first
        self._closed = False

    @property
    def is_crowded(self) -> bool:
        """Whether it is worth knowing which visitors are gone."""
        return 2 * self._links.in_use >= self._links.total

    def admit(self, offer: BoxOffer, send: Callable[[AgentMessage], None]) -> str | None:
        """Admit the visitor of an offer; returns its app.

        Returns None if it was refused by send.
        """
        refusal = self._refusal(offer)
        if refusal is not None:
            self._refusals.count(VISITORS, refusal[0])
            turn_away(offer, *refusal, send)
            return None
        self._enter(offer.session, offer.visitor)
        return offer.app

    def admit_dial(self, session: str, visitor: str) -> bool:
        """Admit a visitor that has dialled; if it is refused, it gets no reply and no reason.

        The app is not known yet. The visitor names it in HELLO, and then `exposes` decides.
        """
        if self._closed or self._crowd_after_room_is_made(visitor) is not None:
            self._refusals.count(DIALS, "box-busy")
            return False
        self._enter(session, visitor)
        return True

    def exposes(self, app: str) -> bool:
        return self._exposes(app)

    def leave(self, session: str) -> None:
        """A visitor has left. Ignored if it had left before."""
        network = self._network_of.pop(session, None)
        if network is not None:
            self._gone.pop(session, None)
            self._links.release(session, network)

    def gone(self, session: str, is_gone: bool) -> None:
        """Note whether a visitor is gone, so that it may lose its place."""
        if not is_gone:
            self._gone.pop(session, None)
        elif session in self._network_of:
            self._gone[session] = None

    def close(self) -> None:
        """Admit no further visitor: the box is going down."""
        self._closed = True

    def _refusal(self, offer: BoxOffer) -> tuple[str, str] | None:
        """Why this visitor is not admitted: a code of docs/WIRE.md §12, and a text.

        None if it is.
        """
        if offer.app is None:
            return "app-unknown", "No app was named"
        if not self._exposes(offer.app):
            return "app-unknown", "The box does not expose this app"
        if self._closed:
            return "box-busy", "The box is going down"
        if offer.session in self._network_of:
            return "protocol", "The session was offered before"
        crowd = self._crowd_after_room_is_made(offer.visitor)
        return None if crowd is None else ("box-busy", crowd)

    def _crowd_after_room_is_made(self, network: str) -> str | None:
        while (crowd := self._crowd(network)) is not None and self._gone:
            session = next(iter(self._gone))
            log.info("place taken over", session=session[:8])
            self._refusals.count(PLACES, "taken-over")
            self.leave(session)
            self._evict(session)
        return crowd

    def _crowd(self, network: str) -> str | None:
        if self._links.in_use >= self._links.total:
            return f"The box has its {self._links.total} links"
        if not self._links.network_may(network):
            return "The box has enough links to this visitor's network"
        return None

    def _enter(self, session: str, network: str) -> None:
        self._network_of[session] = network
        self._links.hold(session, network)


def turn_away(
    offer: BoxOffer, code: str, message: str, send: Callable[[AgentMessage], None]
) -> None:
    """Refuse a visitor. code: of docs/WIRE.md §12."""
    log.info("visitor refused", session=offer.session[:8], app=offer.app, code=code)
    send(Refuse(offer.session, code, message))
