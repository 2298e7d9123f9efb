"""Decides which visitors are admitted: by the limits of the whole box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from p2claw.config import AgentLimits
from p2claw.log import get_log
from p2claw.wire.signalling import AgentMessage, BoxOffer, Refuse

log = get_log("agent")


class Admission:
    """The visitors that are admitted now. exposes: whether an app is exposed now."""

    def __init__(self, limits: AgentLimits, exposes: Callable[[str], bool]) -> None:
        self._limits = limits
        self._exposes = exposes
        self._visitor_of: dict[str, str] = {}
        self._admitted: Counter[str] = Counter()
        self._closed = False

    def admit(self, offer: BoxOffer, send: Callable[[AgentMessage], None]) -> str | None:
        """Admit the visitor of an offer; returns its app.

        Returns None if it was refused by send.
        """
        refusal = self._refusal(offer)
        if refusal is not None:
            turn_away(offer, *refusal, send)
            return None
        self._enter(offer.session, offer.visitor)
        return offer.app

    def admit_dial(self, session: str, visitor: str) -> bool:
        """Admit a visitor that has dialled. It is not told why it was not: it gets no reply.

        Which app it wants its HELLO says, and `exposes` is asked then.
        """
        if self._closed or self._crowd(visitor) is not None:
            return False
        self._enter(session, visitor)
        return True

    def exposes(self, app: str) -> bool:
        return self._exposes(app)

    def leave(self, session: str) -> None:
        """A visitor has left. Ignored if it had left before."""
        visitor = self._visitor_of.pop(session, None)
        if visitor is None:
            return
        self._admitted[visitor] -= 1
        if self._admitted[visitor] <= 0:
            del self._admitted[visitor]

    def close(self) -> None:
        """Admit nobody any more: the box is going down."""
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
        if offer.session in self._visitor_of:
            return "protocol", "The session was offered before"
        crowd = self._crowd(offer.visitor)
        return None if crowd is None else ("box-busy", crowd)

    def _crowd(self, visitor: str) -> str | None:
        if len(self._visitor_of) >= self._limits.links:
            return f"The box has its {self._limits.links} links"
        if self._admitted[visitor] >= self._limits.links_per_visitor:
            return "The box has enough links to this visitor's network"
        return None

    def _enter(self, session: str, visitor: str) -> None:
        self._visitor_of[session] = visitor
        self._admitted[visitor] += 1


def turn_away(
    offer: BoxOffer, code: str, message: str, send: Callable[[AgentMessage], None]
) -> None:
    """Refuse a visitor. code: of docs/WIRE.md §12."""
    log.info("visitor refused", session=offer.session[:8], app=offer.app, code=code)
    send(Refuse(offer.session, code, message))
