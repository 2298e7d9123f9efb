"""The messages of one session on their way: new ones are handed out, and kept until acknowledged.

Whose turn it is to send is in `scheduler.py`. What a message is that acknowledges, and when one is
due, is left to `p2claw.wire`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from p2claw._pyframe.scheduler import Scheduler


class Sink(Protocol):
    """What an outbox needs of a channel."""

    @property
    def buffered_bytes(self) -> int: ...

    def send(self, message: bytes) -> None: ...

    def flush(self) -> None: ...


class Outbox:
    """Hands out each message of a scheduler once, and those that are kept once more on each link.

    most_bytes: above so many kept bytes nothing new is handed out. cost_bytes: what a message
    counts beside its own bytes.

    scheduler: fills the messages. sent, sent_bytes: handed out so far, each once.
    """

    __slots__ = (
        "_cost_bytes",
        "_first",
        "_keeps",
        "_kept",
        "_kept_bytes",
        "_most_bytes",
        "_next",
        "scheduler",
        "sent",
        "sent_bytes",
    )

    def __init__(self, scheduler: Scheduler, most_bytes: int, cost_bytes: int) -> None:
        self.scheduler = scheduler
        self.sent = 0
        self.sent_bytes = 0
        self._most_bytes = most_bytes
        self._cost_bytes = cost_bytes
        self._keeps = True
        # A list, because most sessions keep nothing most of the time.
        self._kept: list[bytes] = []
        self._first = 0  # of those in the list: the ones before it are acknowledged
        self._kept_bytes = 0
        self._next = 0  # which of those kept is to be sent next on this link

    @property
    def kept(self) -> int:
        """How many messages are not acknowledged yet."""
        return len(self._kept) - self._first

    @property
    def is_full(self) -> bool:
        """Whether to wait for an acknowledgement before more is sent."""
        return self._kept_bytes >= self._most_bytes

    @property
    def is_open(self) -> bool:
        """Whether a new message may be sent: nothing is to be repeated, and it is not full."""
        return self._next == len(self._kept) and not self.is_full

    @property
    def is_plain(self) -> bool:
        """Whether nothing but bodies is under way: no control frames, no notices, no repeating."""
        return self.is_open and self.scheduler.is_plain

    def next(self) -> bytes | None:
        """A new message, which counts as sent; None if nothing may go."""
        message = self.scheduler.next_message()
        if message is not None:
            self.keep(message)
        return message

    def fill(self, channel: Sink, most_bytes: int) -> None:
        """Give new messages to a channel as long as less than so many bytes wait in it."""
        while self.is_open and channel.buffered_bytes < most_bytes:
            message = self.next()
            if message is None:
                return
            channel.send(message)

    def keep(self, message: bytes) -> None:
        """A new message is on its way."""
        self.sent += 1
        self.sent_bytes += len(message)
        if self._keeps:
            self._kept.append(message)
            self._kept_bytes += self._cost(message)
            self._next += 1

    def keep_none(self) -> None:
        """No message will be acknowledged."""
        self._keeps = False
        self._kept.clear()
        self._kept_bytes = self._first = self._next = 0

    def again(self) -> bytes | None:
        """The next message that has to be sent once more on this link; None: there is none."""
        if self._next == len(self._kept):
            return None
        self._next += 1
        return self._kept[self._next - 1]

    def acknowledged(self, count: int) -> bool:
        """The other side has received this many messages; False if it cannot have."""
        if not self._keeps:
            return True
        first = self.sent - self.kept  # of those before it, none is kept
        if not first <= count <= first + self._next - self._first:
            return False
        end = self._first + count - first
        for at in range(self._first, end):
            self._kept_bytes -= self._cost(self._kept[at])
            self._kept[at] = b""
        self._first = end
        # To move the rest up for every acknowledgement would cost the more, the more is kept.
        if 2 * end >= len(self._kept):
            del self._kept[:end]
            self._next -= end
            self._first = 0
        return True

    def repeat(self, count: int) -> bool:
        """The link is another one, on which `again` gives what the other side has not received.

        False if it cannot have received so many.
        """
        self._next = len(self._kept)
        if not self.acknowledged(count):
            return False
        self._next = self._first
        return True

    def _cost(self, message: bytes) -> int:
        return len(message) + self._cost_bytes


class Refill:
    """Called when a channel has drained: gives it new messages, up to most_bytes.

    look: called with None if something else than bodies is under way, and with the error if giving
    has failed.
    """

    __slots__ = ("_channel", "_look", "_most_bytes", "_outbox")

    def __init__(
        self,
        outbox: Outbox,
        channel: Sink,
        most_bytes: int,
        look: Callable[[Exception | None], None],
    ) -> None:
        self._outbox = outbox
        self._channel = channel
        self._most_bytes = most_bytes
        self._look = look

    def __call__(self) -> None:
        outbox, error = self._outbox, None
        try:
            outbox.fill(self._channel, self._most_bytes)
            self._channel.flush()
            if outbox.is_plain:
                return
        except Exception as fault:
            error = fault
        self._look(error)
