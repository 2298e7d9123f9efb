"""A sender that repeats its messages by itself, as the browser's side does (docs/WIRE.md §18)."""

from __future__ import annotations

import struct
from collections.abc import Callable

AGAIN, REPEAT = 0x42, 0x43
TYPE_AT, HEAD_BYTES = 2, 8
ITEM = struct.Struct("!HII")
FULL_BYTES = 16_000
KEPT_BYTES = 4_194_304 + 65_536
KEPT_FIRST_BYTES = 131_072
KEPT_MESSAGES = 32_768


class RepeatingPeer:
    """Gives messages to `send`, and keeps them.

    admits: the other side asks for what it lacks. answers: whether that is repeated.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        *,
        admits: bool = True,
        answers: bool = True,
    ) -> None:
        self._plain = send
        self._admits, self._answers = admits, answers
        self._kept: dict[int, bytes] = {}  # by number, the oldest first
        self._kept_bytes = [0, 0]  # of messages of the session, of repetitions
        self._next = 0  # number
        self._has_told = False  # the other side, of the numbers
        self.repeated_bytes = 0

    def send(self, message: bytes) -> None:
        """A message of the session."""
        if len(message) >= FULL_BYTES and not self._has_told and self._admits:
            lowest = next(iter(self._kept), self._next)
            self._has_told = True
            self._out(_frame(struct.pack("!HH", self._next & 0xFFFF, lowest & 0xFFFF)))
        self._out(message)

    def read(self, message: bytes) -> bool:
        """Whether it was about messages, and is not for the session."""
        if not self._has_told or message[TYPE_AT] != AGAIN:
            return False
        for number, head, tail in ITEM.iter_unpack(message[HEAD_BYTES:]):
            whole = self._kept.get(self._whole_number(number))
            if whole is None or head + tail > len(whole) or not self._answers:
                continue
            part = whole[head : len(whole) - tail]
            self.repeated_bytes += len(part)
            self._out(_frame(ITEM.pack(number, head, len(whole)) + part))
        return True

    def _whole_number(self, low: int) -> int:
        """The number of a message that is kept, of which 16 bits are known."""
        first = next(iter(self._kept), 0)
        return first + ((low - first) & 0xFFFF)

    def _out(self, message: bytes) -> None:
        self._kept[self._next] = message
        self._next += 1
        self._kept_bytes[message[TYPE_AT] == REPEAT] += len(message)
        most_bytes = KEPT_BYTES if self._has_told else KEPT_FIRST_BYTES
        while max(self._kept_bytes) > most_bytes or len(self._kept) > KEPT_MESSAGES:
            oldest = self._kept.pop(next(iter(self._kept)))
            self._kept_bytes[oldest[TYPE_AT] == REPEAT] -= len(oldest)
        self._plain(message)


def _frame(payload: bytes) -> bytes:
    return struct.pack("!HBBI", len(payload), REPEAT, 0, 0) + payload
