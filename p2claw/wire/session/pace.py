"""Distinguishes a link that has fallen silent from one on which nothing is sent just now.

Someone who waits for something looks at it several times per second. Silence beyond the pace at
which messages came brings a PING; if no reply comes in time, the path is suspect.
"""

from __future__ import annotations

from enum import Enum, auto

LOOK_S = 0.1  # how often to look while something is waited for

QUIET_LEAST_S = 0.3
QUIET_MOST_S = 2.5
# If PINGs alone are acknowledged, nothing is wrong: each is asked after twice the silence.
QUIET_ASKED_S = 10.0
PACES = 4  # of the usual gap between messages: so long a silence is unusual

STALE_S = 3.0  # of silence, after which nothing is known of the path

REPLY_S = 0.3  # more than two round trips, for the reply to a PING
FIRST_RTT_S = 0.5

# The weight of the past in the usual gap: a slow stream is not suspected for its first fast moment.
_FADING = 0.8


class Doubt(Enum):
    """What has to be done now."""

    NOTHING = auto()
    PING = auto()
    SUSPECT = auto()


class Pace:
    """The pace of one link. All times are seconds, on the clock of `now`."""

    __slots__ = ("_gap_s", "_messages", "_pinged_at", "_quiet_s", "_received_at", "_rtt_s")

    def __init__(self) -> None:
        self._messages = 0
        self._received_at = 0.0
        self._gap_s = FIRST_RTT_S
        self._quiet_s = 0.0  # at least
        self._pinged_at: float | None = None
        self._rtt_s = FIRST_RTT_S

    def begin(self, now: float) -> Doubt:
        """Someone waits from now on. After a long silence the link is asked at once."""
        stale = now - self._received_at > STALE_S
        self._received_at = now
        self._quiet_s = 0.0
        self._pinged_at = now if stale else None
        return Doubt.PING if stale else Doubt.NOTHING

    def renewed(self, now: float) -> None:
        """The link is another one, and something came on it."""
        self._received_at = now
        self._pinged_at = None

    def pong(self, rtt_s: float, now: float) -> None:
        """The reply to a PING came after so long: one of the messages that `look` will see."""
        self._rtt_s = rtt_s
        self._received_at = now
        self._pinged_at = None
        self._quiet_s = min(QUIET_ASKED_S, 2 * max(self._quiet_s, self._usual_s()))
        self._messages += 1  # it shows nothing of the pace

    def look(self, messages: int, now: float) -> Doubt:
        """What has to be done now. messages: how many have come on the link in all."""
        if self._messages != messages:
            if messages > self._messages:
                gap_s = now - self._received_at
                self._gap_s = max(gap_s, _FADING * self._gap_s + (1 - _FADING) * gap_s)
                self._quiet_s = 0.0
            self._messages = messages
            self._received_at = now
            self._pinged_at = None
            return Doubt.NOTHING
        if self._pinged_at is None:
            if now - self._received_at < max(self._quiet_s, self._usual_s()):
                return Doubt.NOTHING
            self._pinged_at = now
            return Doubt.PING
        if now - self._pinged_at < 2 * self._rtt_s + REPLY_S:
            return Doubt.NOTHING
        return Doubt.SUSPECT

    def _usual_s(self) -> float:
        return min(QUIET_MOST_S, max(QUIET_LEAST_S, PACES * self._gap_s))
