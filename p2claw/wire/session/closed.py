"""Remembers what is still needed of streams that are over, in bounded memory.

Ids rise, so a stream that is not open and not above the highest id is over: no list is needed for
that. Two small things are kept: the codes of resets, for a user that still writes; and the streams
that ended between the parts of a REQUEST, because their further parts are no new REQUEST.
"""

from __future__ import annotations

from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.limits import Limits


class ClosedStreams:
    """Streams that are over.

    unfinished: those on which parts of a REQUEST are still to come.
    """

    __slots__ = ("_codes", "_limits", "highest", "unfinished")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.highest = 0  # id of the newest stream that was ever opened
        self._codes: dict[int, Code] = {}
        self.unfinished: set[int] = set()

    def covers(self, stream: int) -> bool:
        """Whether a stream that is not open was open once."""
        return stream % 2 == 1 and stream <= self.highest

    def remember(self, stream: int, code: Code) -> None:
        """Keep the code with which a stream was reset; the oldest is forgotten at the limit."""
        if len(self._codes) >= self._limits.reset_codes:
            del self._codes[next(iter(self._codes))]
        self._codes[stream] = code

    def code(self, stream: int) -> Code:
        """The code with which a stream was reset; CANCEL where that is forgotten."""
        return self._codes.get(stream, Code.CANCEL)

    def cut(self, stream: int) -> None:
        """A stream ended, and parts of its REQUEST are still to come.

        Raises SessionFault LIMIT, if a remote begins heads and never ends them.
        """
        if len(self.unfinished) >= self._limits.cut_heads:
            raise SessionFault("too many unfinished heads", Code.LIMIT)
        self.unfinished.add(stream)

    def uncut(self, stream: int) -> None:
        """The last of those parts has come, or the remote has reset the stream."""
        self.unfinished.discard(stream)
