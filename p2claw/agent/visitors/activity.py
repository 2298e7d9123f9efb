"""Which links move messages, so that nobody has to look at those of visitors who do nothing.

A thousand idle links that were looked at several times per second were most of what an idle agent
did. What a link moved is counted in `relaying.py`, what it means that all are silent in
`silence.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar


class Watched(Protocol):
    """One link."""

    @property
    def is_busy(self) -> bool:
        """Whether a request is open on it: that begins and ends with a message."""


Link = TypeVar("Link", bound=Watched)


class Activity(Generic[Link]):
    """The links of one process on which something happens.

    stirred: returns those on which a message came or left since it was last called.
    """

    __slots__ = ("_busy", "_moved", "_stirred")

    def __init__(self, stirred: Callable[[], Iterable[Link]]) -> None:
        self._stirred = stirred
        self._moved: set[Link] = set()  # since the last `take_moved`
        self._busy: set[Link] = set()

    @property
    def is_any_busy(self) -> bool:
        """Whether a request is open on any link."""
        self._look()
        return bool(self._busy)

    def take_moved(self) -> set[Link]:
        """Links that moved messages since the last call, and those on which a request is open."""
        self._look()
        moved, self._moved = self._moved, set()
        return moved | self._busy

    def forget(self, link: Link) -> None:
        """A link is over."""
        self._look()
        self._moved.discard(link)
        self._busy.discard(link)

    def _look(self) -> None:
        stirred = set(self._stirred())
        if stirred or self._busy:
            self._moved |= stirred
            self._busy = {link for link in stirred | self._busy if link.is_busy}
