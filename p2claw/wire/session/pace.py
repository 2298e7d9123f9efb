"""Distinguishes a link that has fallen silent from one on which nothing is sent just now.

Someone who waits for something looks at it several times per second. Silence beyond the pace at
which messages came brings a PING; if no reply comes in time, the path is suspect. That costs an
attempt at another link, which is dropped if messages come over this one again.
"""

from __future__ import annotations

from enum import Enum, auto

# How often to look while something is waited for: so many times within the time that is looked for.
_LOOKS = 8
LOOK_S = 0.1  # if nobody waits
_LOOK_LEAST_S, _LOOK_MOST_S = 0.025, 0.25

QUIET_LEAST_S = 0.2
QUIET_MOST_S = 2.5
# If PINGs alone are acknowledged, nothing is wrong: each is asked after twice the silence.
QUIET_ASKED_S = 10.0
PACES = 1.5  # of the longest gap between messages lately: so long a silence is unusual

# The other side replies to 10 PINGs in 10 s.
PING_APART_S = 1.2

STALE_S = 3.0  # of silence, after which nothing is known of the path

# More than two round trips, for the reply to a PING: a process that is busy for a moment. The more
# often the reply came after all, the longer.
REPLY_S = 0.15
REPLY_MOST_S = 1.2
FIRST_RTT_S = 0.5

# The weight of the past in the usual gap: a slow stream is not suspected for its first fast moment.
_FADING = 0.8

# Who looks so much later than it wanted to has stood still itself: the reply may be waiting. A
# process that gets little processor is late by more at each look: so often is that forgiven too.
_STOOD_STILL_S = 0.05
_STARVED_S = 0.3
_FORGIVEN = 10


class Doubt(Enum):
    """What has to be done now."""

    NOTHING = auto()
    PING = auto()
    SUSPECT = auto()


class Pace:
    """The pace of one link. All times are seconds, on the clock of `now`.

    apart_s: between two PINGs, if messages come meanwhile.
    """

    __slots__ = (
        "_apart_s",
        "_asked_at",
        "_forgiven",
        "_gap_s",
        "_look_at",
        "_messages",
        "_pinged_at",
        "_quiet_s",
        "_received_at",
        "_reply_s",
        "_rtt_s",
        "_was_suspect",
    )

    def __init__(self, apart_s: float = PING_APART_S) -> None:
        self._apart_s = apart_s
        self._messages = 0
        self._received_at = 0.0
        self._gap_s = FIRST_RTT_S
        self._quiet_s = 0.0  # at least
        self._pinged_at: float | None = None  # without a reply so far
        self._asked_at = float("-inf")  # the last PING
        self._rtt_s = FIRST_RTT_S
        self._reply_s = REPLY_S
        self._look_at = float("inf")
        self._forgiven = 0  # times that we stood still, since that PING
        self._was_suspect = False

    @property
    def look_s(self) -> float:
        """How soon to look again."""
        if self._pinged_at is None:
            wanted_s = max(self._quiet_s, self._usual_s()) / _LOOKS
        else:
            wanted_s = self._patience_s() / _LOOKS
        return min(_LOOK_MOST_S, max(_LOOK_LEAST_S, wanted_s))

    def begin(self, now: float) -> Doubt:
        """Someone waits from now on. After a long silence the link is asked at once."""
        stale = now - self._received_at > STALE_S
        self._well(now)
        self._quiet_s = 0.0
        return self._ping(now) if stale else Doubt.NOTHING

    def doubt(self, now: float) -> Doubt:
        """Something may have happened to the path: it is asked now, unless it has just been."""
        return self._ping(now) if self._pinged_at is None else Doubt.NOTHING

    def renewed(self, now: float) -> None:
        """The link is another one, and something came on it. It is asked for its round trip."""
        self._was_suspect = False
        self._well(now)
        self._rtt_s = max(self._rtt_s, FIRST_RTT_S)

    def pong(self, rtt_s: float, now: float) -> None:
        """The reply to a PING came after so long: one of the messages that `look` will see."""
        self._rtt_s = rtt_s
        self._well(now)
        self._quiet_s = min(QUIET_ASKED_S, 2 * max(self._quiet_s, self._usual_s()))
        self._messages += 1  # it shows nothing of the pace

    def look(self, messages: int, now: float) -> Doubt:
        """What has to be done now. messages: how many have come on the link in all."""
        late_s = now - self._look_at
        doubt = self._look(messages, now, late_s)
        self._look_at = now + self.look_s
        return doubt

    def _look(self, messages: int, now: float, late_s: float) -> Doubt:
        if self._messages != messages:
            if messages > self._messages:
                gap_s = now - self._received_at
                self._gap_s = max(gap_s, _FADING * self._gap_s + (1 - _FADING) * gap_s)
                self._quiet_s = 0.0
            self._messages = messages
            self._well(now)
            return Doubt.NOTHING
        if self._pinged_at is None:
            if now - self._received_at < max(self._quiet_s, self._usual_s()):
                return Doubt.NOTHING
            return Doubt.NOTHING if now < self._asked_at + self._apart_s else self._ping(now)
        forgiven_from_s = _STARVED_S if self._forgiven else _STOOD_STILL_S
        if late_s > forgiven_from_s and self._forgiven < _FORGIVEN:
            self._forgiven += 1
            self._pinged_at = min(now, self._pinged_at + late_s)
        if now - self._pinged_at < self._patience_s():
            return Doubt.NOTHING
        self._was_suspect = True
        return Doubt.SUSPECT

    def _ping(self, now: float) -> Doubt:
        self._pinged_at = self._asked_at = now
        self._look_at = float("inf")
        self._forgiven = 0
        return Doubt.PING

    def _well(self, now: float) -> None:
        """Something came. If the link was suspected, that was a mistake."""
        self._received_at = now
        self._pinged_at = None
        if self._was_suspect:
            self._was_suspect = False
            self._reply_s = min(REPLY_MOST_S, 2 * self._reply_s)

    def _patience_s(self) -> float:
        return 2 * self._rtt_s + self._reply_s

    def _usual_s(self) -> float:
        return min(QUIET_MOST_S, max(QUIET_LEAST_S, PACES * self._gap_s))
