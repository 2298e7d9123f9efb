"""What one visit took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Times:
    """From the beginning of the navigation. steps_ms: on the way, by name, in their order."""

    first_byte_ms: float
    loaded_ms: float
    steps_ms: Mapping[str, float] = field(default_factory=dict)
