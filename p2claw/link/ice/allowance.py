"""How much may be sent to a peer that dialled, before it has proved that the address is its own.

A check can come from a forged address, and everybody may have a ticket. So no more is sent than has
come, in bytes; what is above that waits a little (RFC 9000 §8.1 has the same idea, with 3 for 1).
"""

from __future__ import annotations

from collections.abc import Callable

# Two flights of a handshake; of a peer that is there, the rest comes again.
HELD = 8


class Allowance:
    """The bytes that came and went of one link. An address is proved by a response from there."""

    def __init__(self) -> None:
        self._left = 0
        self._proved: set[tuple[str, int]] = set()
        self._held: list[tuple[int, tuple[str, int], Callable[[], None]]] = []

    def received(self, size_bytes: int) -> None:
        """So much has come from somewhere that is not proved."""
        self._left += size_bytes
        self._release()

    def prove(self, addr: tuple[str, int]) -> None:
        """The peer is there."""
        self._proved.add(addr)
        self._release()

    def would_send(self, size_bytes: int, addr: tuple[str, int]) -> bool:
        """Whether so much would be sent at once."""
        return addr in self._proved or (not self._held and size_bytes <= self._left)

    def send(self, size_bytes: int, addr: tuple[str, int], send: Callable[[], None]) -> None:
        """Call send now, later, or, if too much waits, never."""
        if addr in self._proved or (not self._held and self._admits(size_bytes, addr)):
            send()
        elif len(self._held) < HELD:
            self._held.append((size_bytes, addr, send))

    def _release(self) -> None:
        while self._held and self._admits(*self._held[0][:2]):
            self._held.pop(0)[2]()

    def _admits(self, size_bytes: int, addr: tuple[str, int]) -> bool:
        if addr in self._proved:
            return True
        if size_bytes > self._left:
            return False
        self._left -= size_bytes
        return True
