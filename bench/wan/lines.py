"""The lines that wan measures on, by name: round trip, rate, loss, queue."""

from __future__ import annotations

from dataclasses import dataclass

from bench.wan.network import Direction
from p2claw.errors import UsageError

REORDER_MS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """queue_bytes: of each direction. loss_percent: towards the receiver, back is of its own.

    reorder_percent: that many come REORDER_MS later. largest_bytes: larger packets vanish, and
    nobody gets a notice; 0: none does.
    """

    rtt_ms: float
    rate_mbit: float
    loss_percent: float
    queue_bytes: int
    loss_back_percent: float = 0
    reorder_percent: float = 0
    largest_bytes: int = 0

    @property
    def name(self) -> str:
        return f"{self.rtt_ms:g}/{self.rate_mbit:g}/{self.loss_percent:g}"

    @property
    def bytes_per_s(self) -> float:
        return self.rate_mbit * 1e6 / 8

    def directions(self) -> tuple[Direction, Direction]:
        """To the receiver, and back."""
        there, back = (
            Direction(
                rate_mbit=self.rate_mbit,
                delay_ms=self.rtt_ms / 2,
                queue_bytes=self.queue_bytes,
                loss_percent=loss,
                reorder_percent=self.reorder_percent,
                reorder_ms=REORDER_MS,
                largest_bytes=self.largest_bytes,
            )
            for loss in (self.loss_percent, self.loss_back_percent)
        )
        return there, back

    def facts(self) -> dict[str, float]:
        """What a line of the report says of it."""
        unusual = {
            "loss_back_percent": self.loss_back_percent,
            "reorder_percent": self.reorder_percent,
            "largest_bytes": self.largest_bytes,
        }
        return {
            "rtt_ms": self.rtt_ms,
            "rate_mbit": self.rate_mbit,
            "loss_percent": float(self.loss_percent),
            "queue_bytes": self.queue_bytes,
            **{name: value for name, value in unusual.items() if value},
        }


def of_one_bdp(rtt_ms: float, rate_mbit: float, loss_percent: float) -> Line:
    """A line whose queue holds as much as is under way: rate times round trip."""
    return Line(rtt_ms, rate_mbit, loss_percent, round(rtt_ms / 1000 * rate_mbit * 1e6 / 8))


LINES = [
    of_one_bdp(50, 100, 0),
    of_one_bdp(20, 100, 0),
    of_one_bdp(50, 100, 0.5),
    of_one_bdp(50, 100, 1),
    Line(50, 1000, 0, 2_000_000),
    Line(50, 1000, 1, 2_000_000),
]


def read_line(text: str) -> Line:
    """RTT_MS/MBIT/LOSS[/QUEUE_BYTES]; one of LINES by the first three. Raises UsageError."""
    try:
        parts = [float(part) for part in text.split("/")]
        rtt_ms, rate_mbit, loss_percent = parts[:3]
    except ValueError:
        parts = []
    if not 3 <= len(parts) <= 4 or min(parts) < 0 or not parts[1]:
        raise UsageError(
            f"`{text}` is no line", code="line-unknown", hint="Write 50/100/1 or 50/100/1/625000"
        )
    if len(parts) == 4:
        return Line(rtt_ms, rate_mbit, loss_percent, round(parts[3]))
    known = (line for line in LINES if line.name == f"{rtt_ms:g}/{rate_mbit:g}/{loss_percent:g}")
    return next(known, of_one_bdp(rtt_ms, rate_mbit, loss_percent))
