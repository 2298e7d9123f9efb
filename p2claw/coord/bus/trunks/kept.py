"""Batches that a node has not acknowledged: written again if their way is lost. Sans-IO."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from p2claw.coord.bus.trunks.frames import Batch

# A node that acknowledges nothing for so long is paused, or the way to it is cut.
ACK_S = 2.0
# As long as a stream keeps what its node does not read: what is older is lost there as well.
KEPT_S = 60.0
# At the limit the oldest go: by then they are in the stream.
MOST_KEPT = 1_024


@dataclass(frozen=True, slots=True)
class _Kept:
    batch: Batch
    since: float


class Kept:
    """The batches for one node. now: seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._batches: deque[_Kept] = deque()

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def is_full(self) -> bool:
        """Whether another batch would push out the oldest."""
        return len(self._batches) >= MOST_KEPT

    def add(self, batch: Batch, now: float) -> None:
        """One more, with a higher number than all before."""
        while self._batches and (self.is_full or now >= self._batches[0].since + KEPT_S):
            self._batches.popleft()
        self._batches.append(_Kept(batch, now))

    def acknowledged(self, number: int) -> None:
        """All up to this one have come."""
        while self._batches and self._batches[0].batch.number <= number:
            self._batches.popleft()

    def all(self) -> list[Batch]:
        """What may not have come, in its order."""
        return [kept.batch for kept in self._batches]
