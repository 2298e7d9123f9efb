"""Notices that packets to the other side of a link leave this machine from another address."""

from __future__ import annotations

from p2claw.link.ice.address_watch import AddressWatch
from p2claw.link.news import News
from p2claw.source_address import source_of


class Way:
    """The way from here to one address. Start it and close it on the loop.

    A machine that plugs in a cable beside its Wi-Fi has another way, too, though the old one still
    works; one that has lost its network has none, and so no other.
    """

    def __init__(self) -> None:
        self._watch = AddressWatch(self._look)
        self._news = News()
        self._far = self._source = ""
        self._has_moved = False

    def start(self, far: str) -> None:
        """Watch the way to this address. "": it is not known."""
        self.settle(far)
        self._watch.start()

    def close(self) -> None:
        self._watch.close()

    def settle(self, far: str) -> None:
        """From now on the way is the one that there is now."""
        self._far = far
        self._source = source_of(far) if far else ""
        self._has_moved = False

    @property
    def has_moved(self) -> bool:
        """Whether there is another way than when it was settled."""
        return self._has_moved

    async def moved(self) -> None:
        """Wait until there is."""
        while not self._has_moved:
            await self._news.wait()

    def _look(self) -> None:
        source = source_of(self._far) if self._far else ""
        if source and source != self._source:
            self._has_moved = True
            self._news.wake()
