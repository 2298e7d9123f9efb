"""What one stream of a session has to send, and the order within the stream.

A stream sends its head, then its body, then its trailers. `scheduler.py` decides which stream has
its turn.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from p2claw._pyframe.message import Message
from p2claw._pyframe.tap import Tap

# With which frame the flag END of a stream goes, once the stream is complete. As soon as the frame
# with END has gone, ON_DATA becomes ON_TRAILERS: nothing more is due.
OPEN: Final = 0
ON_HEAD: Final = 1
ON_DATA: Final = 2
ON_TRAILERS: Final = 3


class Outgoing:
    """The head, the body and the trailers of one stream that have not been sent yet."""

    __slots__ = (
        "credit",
        "deficit",
        "end",
        "heads",
        "lane",
        "notify_at",
        "offset",
        "pieces",
        "queued",
        "sent",
        "started",
        "stream",
        "tap",
        "trailers",
        "urgency",
    )

    def __init__(self, stream: int, credit: int, urgency: int) -> None:
        self.stream = stream
        self.urgency = urgency
        self.credit = credit  # body bytes that the peer still allows
        self.heads: deque[bytes] = deque()  # encoded frames
        self.pieces: deque[bytes | memoryview] = deque()  # of the body, each kept until it has gone
        self.offset = 0  # bytes of pieces[0] that have gone
        self.queued = 0  # body bytes that have not gone
        self.sent = 0  # body bytes that have gone
        self.tap: Tap | None = None  # what follows the pieces, until it is dry
        self.trailers: deque[bytes] = deque()  # encoded frames
        self.end = OPEN
        self.deficit = 0  # body bytes that it may still send in this turn (docs/WIRE.md §6)
        self.notify_at = -1  # WRITABLE is due once no more than this is queued; -1: it is not due
        self.started = False  # whether any frame has gone
        self.lane: deque[Outgoing] | None = None  # the one lane of the scheduler that holds it

    @property
    def sendable(self) -> bool:
        """Whether there is a frame that may go now."""
        if self.heads:
            return True
        if self.queued or self.tap is not None:
            return self.credit > 0
        return self.end == ON_DATA or bool(self.trailers)

    def move(self, size: int, message: Message) -> None:
        """Put size body bytes into a message, which has the header for them already."""
        self.queued -= size
        self.sent += size
        self.credit -= size
        self.deficit -= size
        while size:
            piece = self.pieces[0]
            left = len(piece) - self.offset
            if left > size:
                message.add_payload(memoryview(piece)[self.offset : self.offset + size])
                self.offset += size
                return
            message.add_payload(memoryview(piece)[self.offset :] if self.offset else piece)
            self.pieces.popleft()
            self.offset = 0
            size -= left
