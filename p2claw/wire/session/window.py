"""The receive window of a stream: what may still arrive, when to grant more credit, and how large.

A window doubles if its reader read a window's worth within GROW_S: it may be what limits the
stream. A lost packet delays all that was sent after it, so the window must hold several round
trips. It halves again if a window's worth took more than SHRINK_S. A reader that stalls reads
nothing, and its window stays what it was.
"""

from __future__ import annotations

from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.faults import CreditFault

# docs/WIRE.md §5: grant when the consumer has read a quarter of the window since the last grant.
GRANTS_A_WINDOW = 4
GROW_S = 0.5  # some round trips: a reader behind a loss waits one and more for it
SHRINK_S = 10.0


class Room:
    """The bytes by which all windows of one link together may still grow."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class ReceiveWindow:
    """Credit of one stream, in the direction towards us.

    most: bytes that the window grows to. room: what it shares with the others of its link.
    """

    __slots__ = (
        "_first",
        "_most",
        "_read",
        "_room",
        "_since",
        "_turn",
        "_unread",
        "credit",
        "size",
    )

    def __init__(self, size: int, most: int = 0, room: Room | None = None) -> None:
        self.size = self._first = size
        self.credit = size  # body bytes that may still come
        self._most = most
        self._room = room or Room(0)
        self._unread = 0  # bytes that came and that the consumer has not read
        self._read = 0  # bytes that it has read and that have not been granted again
        self._turn = 0  # bytes that it has read of this window's worth
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
        grant, self._read = self._read, 0
        self.credit += grant
        return grant

    def close(self) -> None:
        """The stream is over: the others may have its room."""
        self._room.left += self.size - self._first
        self.size = self._first

    def _tune(self, n: int, now: float) -> None:
        since = self._since
        if since is None:
            since = self._since = now
        self._turn += n
        if self._turn < self.size:
            return
        more = 0
        if now - since <= GROW_S:
            more = max(0, min(self.size, self._most - self.size, self._room.left))
        elif now - since > SHRINK_S:
            more = max(self.size // 2, self._first) - self.size
        self.size += more
        self._room.left -= more
        self._read += more  # what is less is not granted again
        self._turn, self._since = 0, now
