"""What a session counts of its traffic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """What has crossed the session since it began."""

    messages_in: int = 0
    frames_in: int = 0
    bytes_in: int = 0
    messages_out: int = 0
    frames_out: int = 0
    bytes_out: int = 0
