"""The named limits of a session, and those that are assumed of the other side before its HELLO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# docs/WIRE.md §3: assumed of a peer whose HELLO has not been read, and the least it may declare.
FIRST_WINDOW_BYTES: Final = 65_536
FIRST_STREAMS: Final = 16

CREDIT_MAX: Final = 2**31 - 1
STREAM_ID_MAX: Final = 2**32 - 1
GROWN_WINDOWS: Final = 2  # by so many of the largest do the windows of one link grow in all
REASON_BYTES: Final = 256
SOFTWARE_BYTES: Final = 64
METHOD_CHARS: Final = 32
TARGET_CHARS: Final = 131_072
REASON_CHARS: Final = 256
ORIGINS: Final = 16
NOTICE_CHARS: Final = 1_024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one side of a session allows. Beside each: what happens at the limit.

    Source: docs/WIRE.md, Limits, §6 and §8.
    """

    head_bytes: int = 262_144  # 431 to a request, RESET HEAD_TOO_LARGE to a response or trailers
    head_fields: int = 1_024  # the same
    parts_bytes: int = 1_048_576  # of heads whose last part is still to come: SessionFailed LIMIT
    streams: int = 128  # that a visitor may have open at a box: RESET REFUSED
    box_window_bytes: int = 262_144  # visitor to box, a stream: RESET FLOW_CONTROL
    visitor_window_bytes: int = 1_048_576  # box to visitor, a stream: RESET FLOW_CONTROL
    box_window_most: int = (
        1_048_576  # that it grows to: more is too much for browsers, decision 0021
    )
    visitor_window_most: int = 4_194_304  # that it grows to
    high_water_bytes: int = 262_144  # queued on a stream: the producer should wait
    low_water_bytes: int = 65_536  # StreamWritable: it may go on
    ping_after_s: float = 20.0  # of silence: PING
    dead_after_s: float = 45.0  # of silence: SessionFailed TIMEOUT
    pings: int = 10  # acknowledged in `pings_s`; more are dropped
    pings_s: float = 10.0
    control_bytes: int = 262_144  # of RESET, WINDOW and PING that wait: SessionFailed LIMIT
    # Of a visitor's work, docs/WIRE.md §8: the link is read less, then SessionFailed LIMIT.
    streams_per_s: float = 20_000.0  # REQUEST: more than a box responds to on one core
    stream_burst: int = 4_096
    resets_per_s: float = 500.0  # a page that is left resets what it had open, 128 at most
    reset_burst: int = 512
    controls_per_s: float = 5_000.0  # WINDOW and PING; 1 GB/s are some 4,000 WINDOW
    control_burst: int = 5_000
    frames_per_s: float = 60_000.0  # of all types; 100 MB/s of body are 6,100
    frame_burst: int = 20_000
    late_bytes: int = 1_572_864  # of messages that came and were not read yet: a burst, and more
    late_cost_bytes: int = 64  # that each counts beside its own
    cut_heads: int = 256  # heads whose other parts are still to come and go: SessionFailed LIMIT
    reset_codes: int = 256  # remembered for those who still write; older ones read CANCEL


DEFAULT_LIMITS: Final = Limits()

# Of a side whose link itself asks whether its path works (RFC 7675): a PING is about the process at
# the other end, and may come later.
ASKED_PATH_LIMITS: Final = Limits(ping_after_s=30.0)
