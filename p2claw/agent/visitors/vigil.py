"""Finds visitors that left without closing their link, while others may want their places.

A link whose path is lost waits 45 s for its visitor, who may be in a tunnel. That is right as long
as there is room. While a box is crowded, a visitor that has been silent for SILENT_S is sent a
PING. If no reply comes within REPLY_S, the visitor is gone, and the next newcomer gets its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

SILENT_S = 5.0
# Above a round trip through a relay and a lost packet or two.
REPLY_S = 2.0
# From an offer to its open link mostly less than 2 s pass.
OPENING_S = 10.0
LOOK_S = 0.5


class Watched(Protocol):
    """One link, as the vigil sees it."""

    def silent_s(self, now: float) -> float:
        """For how long nothing has come from the visitor, or the link has not opened."""

    @property
    def is_open(self) -> bool: ...

    def ask(self) -> None:
        """Send a PING."""


class Vigil:
    """The watch over the links of one process.

    changed: called with a session and whether its visitor is gone, when that has changed.
    """

    def __init__(self, changed: Callable[[str, bool], None]) -> None:
        self._changed = changed
        self._asked_at: dict[str, float] = {}
        self._gone: set[str] = set()

    def look(self, links: Mapping[str, Watched], now: float) -> None:
        """Look at every link; to be called each LOOK_S while the box is crowded."""
        for session in [*self._asked_at.keys() - links.keys()]:
            self._forget(session)
        for session, link in links.items():
            silent_s = link.silent_s(now)
            if not link.is_open:
                if silent_s >= OPENING_S:
                    self._is_gone(session, now)
            elif silent_s < SILENT_S:
                self._is_there(session)
            elif session not in self._asked_at or now - self._asked_at[session] > silent_s:
                # It has not been asked since it fell silent.
                self._asked_at[session] = now
                link.ask()
            elif now - self._asked_at[session] >= REPLY_S:
                self._is_gone(session, self._asked_at[session])

    def rest(self) -> None:
        """The box is not crowded any more."""
        for session in [*self._asked_at]:
            self._is_there(session)

    def _is_gone(self, session: str, asked_at: float) -> None:
        self._asked_at[session] = asked_at
        if session not in self._gone:
            self._gone.add(session)
            self._changed(session, True)

    def _is_there(self, session: str) -> None:
        if session in self._gone:
            self._changed(session, False)
        self._forget(session)

    def _forget(self, session: str) -> None:
        self._asked_at.pop(session, None)
        self._gone.discard(session)
