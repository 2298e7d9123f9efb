"""What has crossed a session since it began, and what was refused on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Counters of one session, both directions.

    streams_refused: RESET REFUSED. heads_refused: requests to which the session itself responded.
    pings_dropped: those above their rate.
    """

    messages_in: int = 0
    frames_in: int = 0
    bytes_in: int = 0
    messages_out: int = 0
    frames_out: int = 0
    bytes_out: int = 0
    streams_refused: int = 0
    heads_refused: int = 0
    pings_dropped: int = 0
