"""The rest of a body in a descriptor, read straight into the messages that carry it.

Nothing of it is looked at. Where a body ends, and what its connection is used for then, is left to
whoever made the tap.
"""

from __future__ import annotations

import socket


class Tap:
    """What a socket still has of a body, up to most_bytes. It owns the descriptor.

    left, drawn: how many bytes it may still give, and has given. is_dry: it gives no more, because
    there was nothing to read, which may be the end or an error, or because nothing is left.
    """

    __slots__ = ("_socket", "drawn", "is_dry", "left")

    def __init__(self, descriptor: int, most_bytes: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self.left = most_bytes
        self.drawn = 0
        self.is_dry = most_bytes <= 0

    def close(self) -> None:
        """Read no more; closes the descriptor."""
        self.is_dry = True
        self._socket.close()

    def read(self, most: int) -> bytes:
        """Up to most bytes, more than none. It is dry if none came."""
        data = b""
        if not self.is_dry:
            try:
                data = self._socket.recv(min(most, self.left), socket.MSG_DONTWAIT)
            except OSError:  # the loop's own reading finds out why
                data = b""
        self.left -= len(data)
        self.drawn += len(data)
        self.is_dry = not (data and self.left)
        return data
