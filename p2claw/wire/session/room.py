"""The bytes by which windows may grow: a room for each link, and one above it for all links of a
process.

As long as bytes are left, whoever asks gets them. Once somebody below its even share has asked in
vain, those above theirs return the excess as they read, and it gets it when it asks again.
"""

from __future__ import annotations

# So fast must a quarter of a window be read for it to grow. A lost packet delays all that follows
# by a round trip and more, so a reader that keeps up waits for some of them.
LEAST_GROW_S = 0.5
GROW_ROUND_TRIPS = 4
MOST_GROW_S = 4.0


class Room:
    """The bytes of one link, or of all links. above: the room that this one is a holder in.

    left: that nobody has. grow_s: how soon a quarter of a window must be read for it to grow.
    """

    __slots__ = ("_above", "_allowed", "_bytes", "_holders", "grow_s", "left")

    def __init__(self, total_bytes: int, above: Room | None = None) -> None:
        self.left = self._bytes = self._allowed = total_bytes
        self.grow_s = LEAST_GROW_S
        self._above = above
        self._holders = 0

    @property
    def allowed(self) -> int:
        """How many bytes each holder may have now."""
        above = self._above
        if above is None or above._allowed == above._bytes or not self._holders:
            return self._allowed
        return min(self._allowed, above._allowed // self._holders)

    def ask(self, wanted: int, held: int) -> int:
        """How many of the bytes wanted one gets that holds some already."""
        if held >= self._allowed:
            return 0
        most = min(wanted, self.left, self._allowed - held)
        if self._above is not None:
            most = self._above.ask(most, self._bytes - self.left)
        share = self._bytes // (self._holders + (not held))
        is_short = most < wanted and held + most < share
        self._allowed = share if is_short else self._bytes
        self.left -= most
        self._holders += bool(most) and not held
        return most

    def give_back(self, returned: int, held: int) -> None:
        """One that held so many bytes needs some of them no more; all: perhaps it is over."""
        if self._above is not None:
            self._above.give_back(returned, self._bytes - self.left)
        self.left += returned
        if returned == held:
            self._allowed = self._bytes
            self._holders -= bool(returned)

    def widen(self, total_bytes: int) -> None:
        """From now on it has so many bytes, and not fewer than before."""
        more = total_bytes - self._bytes
        if self._allowed == self._bytes:
            self._allowed += more
        self._bytes += more
        self.left += more

    def close(self) -> None:
        """The link is over: other links may have all of it."""
        if self._above is not None:
            held = self._bytes - self.left
            self._above.give_back(held, held)
        self._above = None

    def round_trip(self, seconds: float) -> None:
        """A round trip of the link was measured."""
        self.grow_s = min(MOST_GROW_S, max(LEAST_GROW_S, GROW_ROUND_TRIPS * seconds))
