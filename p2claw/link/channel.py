"""The interface between the pump and what carries its messages: what a session needs of a channel.

`p2claw.dataplane.carrier._engine.Link` is one, on the wire; `tests/support/pipe.py` has one in
memory.
"""

from __future__ import annotations

from typing import Protocol


class ChannelUser(Protocol):
    """The user of a channel.

    Its methods are called on the loop's thread, never from within `send`.
    """

    def message_received(self, message: bytes) -> None:
        """One whole message. An empty one stands for anything that is not binary."""

    def channel_drained(self) -> None:
        """`buffered_bytes` fell to the low water mark after having been above it."""

    def channel_closed(self) -> None:
        """The channel is closed. Called once, whichever side closed it."""


class Channel(Protocol):
    """A reliable ordered channel of binary messages (docs/WIRE.md §1), open from the start."""

    @property
    def buffered_bytes(self) -> int:
        """Bytes given to `send` that the transport has not sent yet."""

    @property
    def was_closed(self) -> bool:
        """Whether the other side ended it, rather than its path. Known once it is closed."""

    def attach(self, user: ChannelUser, *, low_water_bytes: int) -> None:
        """Name the one user. Messages that came earlier are handed over at once."""

    def detach(self) -> None:
        """Call the user no more; another may be named."""

    def send(self, message: bytes) -> None:
        """Queue one message.

        Dropped if the channel is closed, which `channel_closed` has reported.
        """

    def flush(self) -> None:
        """Let what was queued leave in this turn of the loop; without it, it leaves in the next."""

    def close(self) -> None:
        """Send what is queued, then close. Closing again does nothing."""
