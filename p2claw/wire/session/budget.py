"""How much work a visitor may make per second: streams opened, resets, control frames, frames.

What is open at once is bounded elsewhere; a peer that opens and cancels, or cuts a body into single
bytes, has little open and makes much work. Each kind of work has a bucket that fills at a rate. A
message is read whole, even if it overdraws one; the next is read when none is overdrawn any more.
"""

from __future__ import annotations

from p2claw.wire.frames.codes import FrameType
from p2claw.wire.frames.limits import Limits

_KINDS: dict[int, int] = {
    FrameType.REQUEST: 0,
    FrameType.RESET: 1,
    FrameType.WINDOW: 2,
    FrameType.PING: 2,
}
_FRAMES = 3
NAMES = ("streams", "resets", "control", "frames")

# What a request costs to begin, and to end, beside the reading of its frame: in frames of any other
# kind. Some 90 µs with its message, where a message with DATA of a byte takes 15.
_TASK_WORK = 32
_OF_TASKS = frozenset({FrameType.REQUEST, FrameType.RESET})


class Budget:
    """The budget of one session. Times are those of the session, in seconds.

    ready_at: when no bucket is overdrawn any more; 0.0 if none is. work: how much it was so far, in
    frames, of which those that begin or end a request count more.
    """

    __slots__ = ("_bursts", "_left", "_rates", "_since", "ready_at", "work")

    def __init__(self, limits: Limits) -> None:
        self._rates = (
            limits.streams_per_s,
            limits.resets_per_s,
            limits.controls_per_s,
            limits.frames_per_s,
        )
        self._bursts = (
            limits.stream_burst,
            limits.reset_burst,
            limits.control_burst,
            limits.frame_burst,
        )
        self._left = [float(burst) for burst in self._bursts]
        self._since = 0.0
        self.ready_at = 0.0
        self.work = 0

    def spend(self, frames: list[tuple[int, int, int, bytes]], now: float) -> None:
        """Count the frames of a message."""
        if now != self._since:  # the messages of one turn of the loop have one time
            self._fill(now)
        left = self._left
        left[_FRAMES] -= len(frames)
        self.work += len(frames)
        for frame in frames:
            kind = _KINDS.get(frame[0])
            if kind is not None:
                left[kind] -= 1
                if frame[0] in _OF_TASKS:
                    self.work += _TASK_WORK
        self.ready_at = 0.0 if min(left) >= 0.0 else now + max(self._debts())

    @property
    def overdrawn(self) -> str:
        """The kind of work that is furthest above its rate; empty: none is."""
        debts = self._debts()
        most = max(debts)
        return NAMES[debts.index(most)] if most > 0 else ""

    def _debts(self) -> list[float]:
        """Of each kind the seconds until it is not overdrawn."""
        return [-left / rate for left, rate in zip(self._left, self._rates, strict=True)]

    def _fill(self, now: float) -> None:
        passed, self._since = now - self._since, now
        for kind, burst in enumerate(self._bursts):
            self._left[kind] = min(burst, self._left[kind] + passed * self._rates[kind])
