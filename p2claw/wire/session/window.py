"""The receive window of a stream: what may still arrive, and when to grant more credit."""

from __future__ import annotations

from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.faults import CreditFault

# docs/WIRE.md §5: grant when the consumer has read a quarter of the window since the last grant.
GRANTS_A_WINDOW = 4


class ReceiveWindow:
    """Credit of one stream, in the direction towards us."""

    __slots__ = ("_read", "_size", "_unread", "credit")

    def __init__(self, size: int) -> None:
        self._size = size
        self.credit = size  # body bytes that may still come
        self._unread = 0  # bytes that came and that the consumer has not read
        self._read = 0  # bytes that it has read and that have not been granted again

    def received(self, n: int) -> None:
        """Count n body bytes. Raises CreditFault if they are more than the credit."""
        if n > self.credit:
            raise CreditFault(f"{n} bytes on a credit of {self.credit}")
        self.credit -= n
        self._unread += n

    def consumed(self, n: int) -> int:
        """Count n bytes as read; the credit to grant now, or 0.

        Raises LocalProtocolError `consumed-too-much`.
        """
        if not 0 <= n <= self._unread:
            raise LocalProtocolError(
                f"{n} bytes were consumed of {self._unread} received", code="consumed-too-much"
            )
        self._unread -= n
        self._read += n
        if self._read * GRANTS_A_WINDOW < self._size:
            return 0
        grant, self._read = self._read, 0
        self.credit += grant
        return grant
