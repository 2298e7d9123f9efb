"""What a case of many visitors has to do."""

from __future__ import annotations

from dataclasses import dataclass

# What runs as server and agent, by the plane under its links.
PLANES = {"p2claw": "bench.scale.wide", "aiortc": "bench.scale.wide_stock"}


@dataclass(frozen=True, slots=True)
class Plan:
    """visitors: on one agent. seconds: how long each run is measured. plane: one of PLANES."""

    runs: int
    visitors: int
    seconds: float
    plane: str
