"""What one transfer cost each side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

MB = 1_000_000

Side = Literal["sender", "receiver"]


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU: user and system seconds of the process for each 10^9 bytes of body."""

    mb_per_s: float
    sender_cpu_s_per_gb: float
    receiver_cpu_s_per_gb: float

    @classmethod
    def of(
        cls,
        megabytes: int,
        mb_per_s: float,
        before_s: tuple[float, float],
        after_s: tuple[float, float],
    ) -> Figures:
        """before_s, after_s: processor clocks of sender and receiver."""
        gigabytes = megabytes / 1000
        return cls(
            mb_per_s=round(mb_per_s, 2),
            sender_cpu_s_per_gb=round((after_s[0] - before_s[0]) / gigabytes, 3),
            receiver_cpu_s_per_gb=round((after_s[1] - before_s[1]) / gigabytes, 3),
        )

    def cpu_s_per_gb(self, side: Side) -> float:
        return self.sender_cpu_s_per_gb if side == "sender" else self.receiver_cpu_s_per_gb

    def facts(self) -> Mapping[str, float]:
        return asdict(self)
