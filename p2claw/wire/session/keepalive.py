"""Watches silence on a session: when to send PING, when the peer is lost; and limits replies to
PING.
"""

from __future__ import annotations

from enum import Enum, auto

from p2claw.wire.frames.limits import Limits

PING_BYTES = 8

# Whoever looks at the clock so much later than it wanted to has stood still itself, and the reply
# may be waiting: the peer is asked again, so often in one silence.
_STOOD_STILL_S = 1.0
_FORGIVEN = 3


class Silence(Enum):
    """What has to be done now."""

    NOTHING = auto()
    PING = auto()
    LOST = auto()


class Keepalive:
    """The timers of one session. They start with the first `now`.

    received_at: when a frame last came, or the timers were started. pinged: a PING of this silence
    is on its way. Whoever reads a message sets both, as `received` does.

    A dead path is not found here: a link asks its own path (RFC 7675). What is found is a peer
    whose path works, and whose session does not.

    Source: docs/WIRE.md §8.
    """

    __slots__ = (
        "_asked_at",
        "_forgiven",
        "_limits",
        "_replied",
        "_replied_since",
        "_sent",
        "_serial",
        "pinged",
        "received_at",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.received_at: float | None = None
        self.pinged = False
        self._asked_at = 0.0  # the last PING of this silence
        self._forgiven = 0  # standstills of ours in this silence
        self._sent: dict[bytes, float] = {}  # the PING that is on its way, and since when
        self._serial = 0
        self._replied = 0
        self._replied_since = 0.0

    def start(self, now: float) -> None:
        """Start the timers, unless something has been received already."""
        if self.received_at is None:
            self.received_at = now

    def received(self, now: float) -> None:
        """A frame has come."""
        self.received_at = now
        self.pinged = False

    def deadline(self) -> float | None:
        """When to call `check`, if nothing is received until then."""
        if self.received_at is None:
            return None
        limits = self._limits
        if self.pinged:
            return self._asked_at + limits.dead_after_s - limits.ping_after_s
        return self.received_at + limits.ping_after_s

    def check(self, now: float) -> Silence:
        """What has to be done after the silence up to now.

        PING is returned once per silence, and again if this side has stood still since the last.
        """
        self.start(now)
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return Silence.NOTHING
        if not self.pinged:
            self._forgiven = 0
        elif now - deadline < _STOOD_STILL_S or self._forgiven == _FORGIVEN:
            return Silence.LOST
        else:
            self._forgiven += 1
        self.pinged = True
        self._asked_at = now
        return Silence.PING

    def next_ping(self, now: float) -> bytes:
        """The payload of a new PING; an older one that is still on its way no longer counts."""
        self._serial += 1
        payload = self._serial.to_bytes(PING_BYTES, "big")
        self._sent = {payload: now}
        return payload

    def pong(self, payload: bytes, now: float) -> float | None:
        """How long a PING took, in seconds; None if the reply is to none of ours."""
        sent = self._sent.pop(payload, None)
        return None if sent is None else now - sent

    def may_reply(self, now: float) -> bool:
        """Whether to reply to a PING that came now: to 10 in 10 s."""
        if now >= self._replied_since + self._limits.pings_s:
            self._replied_since = now
            self._replied = 0
        self._replied += 1
        return self._replied <= self._limits.pings
