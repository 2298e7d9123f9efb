"""The receive window of a stream: what may still arrive, when to grant more credit, and how large.

A window doubles if its reader read a quarter of it within the time of its room: it may be what
limits the stream. A lost packet delays all that was sent after it, by several round trips if what
repairs it is lost too, and what waits at the sender counts as well. It halves if a quarter took
more than SHRINK_S, and gives up what others of its room are to have. A reader that stalls reads
nothing, and its window stays what it was.
"""

from __future__ import annotations

from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.faults import CreditFault
from p2claw.wire.session.room import Room

# docs/WIRE.md §5: grant when the consumer has read a quarter of the window since the last grant.
GRANTS_A_WINDOW = 4
TURNS_A_WINDOW = 4
SHRINK_S = 10.0


class ReceiveWindow:
    """Credit of one stream, in the direction towards us. What has come and was not read, what may
    still come and what was read and not granted again are together its size, at any time.

    most: bytes that the window grows to. room: what it shares with the others of its link.
    """

    __slots__ = (
        "_first",
        "_most",
        "_read",
        "_room",
        "_since",
        "_target",
        "_turn",
        "_unread",
        "credit",
        "size",
    )

    def __init__(self, size: int, most: int = 0, room: Room | None = None) -> None:
        self.size = self._first = self._target = size
        self.credit = size  # body bytes that may still come
        self._most = most
        self._room = room or Room(0)
        self._unread = 0  # bytes that came and that the consumer has not read
        self._read = 0  # bytes that it has read and that have not been granted again
        self._turn = 0  # bytes that it has read of the present quarter
        self._since: float | None = None  # when it began to read them

    def received(self, n: int) -> None:
        """Count n body bytes. Raises CreditFault if they are more than the credit."""
        if n > self.credit:
            raise CreditFault(f"{n} bytes on a credit of {self.credit}")
        self.credit -= n
        self._unread += n

    def consumed(self, n: int, now: float | None = None) -> int:
        """Count n bytes as read; the credit to grant now, or 0. Without a time the size stays.

        Raises LocalProtocolError `consumed-too-much`.
        """
        if not 0 <= n <= self._unread:
            raise LocalProtocolError(
                f"{n} bytes were consumed of {self._unread} received", code="consumed-too-much"
            )
        self._unread -= n
        self._read += n
        if now is not None:
            self._tune(n, now)
        if self._read * GRANTS_A_WINDOW < self.size:
            return 0
        self._shrink()
        grant, self._read = self._read, 0
        self.credit += grant
        return grant

    def close(self) -> None:
        """The stream is over: the others may have its room."""
        held, self.size = self.size - self._first, self._first
        self._room.give_back(held, held)

    def _tune(self, n: int, now: float) -> None:
        since = self._since
        if since is None:  # what came first has taken no time
            self._since = now
            return
        self._turn += n
        if self._turn * TURNS_A_WINDOW < self.size:
            return
        if now - since <= self._room.grow_s:
            self._resize(max(0, min(self.size, self._most - self.size)))
            self._target = self.size
        elif now - since > SHRINK_S:
            self._target = max(self.size // 2, self._first)
        self._turn, self._since = 0, now

    def _shrink(self) -> None:
        """Keep for the room what the window has too much of. No more than was read: the rest has
        been granted already, and is kept of the next grants."""
        if self.size > self._first:
            most = min(self._target, self._first + self._room.allowed)
            self._resize(max(most - self.size, -self._read))

    def _resize(self, more: int) -> None:
        held = self.size - self._first
        if more > 0:
            more = self._room.ask(more, held)
        elif more < 0:
            self._room.give_back(-more, held)
        self.size += more
        self._read += more
