"""The hot path of a link: moves messages between a session and the channel under it, on time.

It has no task and no await per message: `message_received` and `send` run synchronously until the
channel is full, and everything that a turn of the loop produced is sent together. What the events
of the session mean, and when the session is over, is left to `pump.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2claw.link.channel import Channel
from p2claw.link.late import Late, is_turn_over
from p2claw.link.moving_timer import MovingTimer
from p2claw.wire.frames.hello import Role
from p2claw.wire.session.session import Session

# The scheduler cannot reorder what waits in the channel: at 2 MB/s, 512 KiB delay a small response
# by a quarter of a second. Measured from 32/64 to 256/512 KiB, speed and CPU were the same, since
# `channel_drained` refills at once. Bytes in flight do not count here.
LOW_WATER_BYTES = 32 * 1024
HIGH_WATER_BYTES = 64 * 1024

# Messages that only acknowledge ask for no turn of the loop. But what is read is counted by turns
# (`late.py`), so one is asked for after so many.
UNANSWERED_MESSAGES = 16


class Driver:
    """Drives one session over one channel, and over those that follow it.

    events: called whenever the session may have events. closed: called when the channel has closed
    by itself, with whether the other side has ended the session by that; if not, the path of the
    channel was lost, and another channel may follow.
    """

    __slots__ = (
        "_channel",
        "_closed",
        "_events",
        "_has_received",
        "_has_stopped",
        "_late",
        "_loop",
        "_read_this_turn",
        "_send_is_soon",
        "_session",
        "_timer",
        "_work_before_turn",
        "channel_drained",
    )

    def __init__(
        self,
        session: Session,
        channel: Channel,
        events: Callable[[], None],
        closed: Callable[[bool], None],
    ) -> None:
        self._session = session
        self._channel: Channel | None = channel
        self._events = events
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._has_received = True  # anything of the session, on this channel
        self._has_stopped = False
        self._late = Late(session, self._read)
        self._send_is_soon = False
        self._read_this_turn = self._work_before_turn = 0
        self._timer = MovingTimer(self._on_timer)
        # At once, not soon: the transport has little left to send. In the middle of a body there is
        # nothing to do but to fill it again. What is due at a time has a timer.
        self.channel_drained: Callable[[], None] = _nothing

    def start(self) -> None:
        """Send what the session has, then read from the channel."""
        self.send()
        if self._channel is not None:
            self._attach(self._channel)

    def stop(self) -> None:
        """Read and send nothing more: the session is over."""
        self._has_stopped = True
        self.channel_drained = _nothing
        self._late.clear()
        self._timer.cancel()

    def follow(self, channel: Channel, received: int) -> None:
        """Go on over another channel. received: how many of our messages the other side has."""
        session = self._session
        if self._channel is not None:
            self._channel.detach()
        self._channel = channel
        self._has_received = False
        self._late.clear()
        session.resume(received, self._loop.time())
        if session.role is Role.BOX and not session.failed:
            channel.send(session.resumed())
        self._attach(channel)
        self._events()
        self.send_soon()

    @property
    def has_channel(self) -> bool:
        """Whether there is a channel now."""
        return self._channel is not None

    def pause(self) -> None:
        """Read nothing more from this channel: somebody else is about to."""
        if self._channel is not None:
            self._channel.detach()

    def release(self) -> Channel | None:
        """Let go of the channel, if there is one, and return it."""
        channel, self._channel = self._channel, None
        self.channel_drained = _nothing
        if channel is not None:
            channel.detach()
        self._timer.cancel()
        return channel

    def close_channel(self) -> None:
        """Close the channel, if there is one, without what the session has still to send."""
        if self._channel is not None:
            self._channel.close()

    def send_last(self) -> bool:
        """Send all that the session still has, even above high water, then close the channel.

        Returns False if there is no channel.
        """
        if self._channel is None:
            return False
        while message := self._session.to_send(self._loop.time()):
            self._channel.send(message)
        self._channel.close()
        return True

    def send_soon(self) -> None:
        """Send what the session has, later in this turn of the loop and together."""
        if not self._send_is_soon:
            self._send_is_soon = True
            self._loop.call_soon(self._next_turn)

    def send_now(self, is_much: bool = False) -> None:
        """The same within this call, if nothing else of the session is under way that could be sent
        together with it, or if it is much, so that this would gain nothing.

        Not to be called while the session reads or reports something.
        """
        if not is_much and (self._send_is_soon or len(self._session.streams.table.open) > 1):
            self.send_soon()
        else:
            self.send()

    def send(self) -> None:
        """Send what the session has, up to high water."""
        session, channel = self._session, self._channel
        if self._has_stopped or channel is None:
            return
        now = self._loop.time()
        try:
            if session.fill(channel, HIGH_WATER_BYTES) or session.is_due(now):
                while True:
                    message = session.to_send(now, room=channel.buffered_bytes < HIGH_WATER_BYTES)
                    if message is None:
                        break
                    channel.send(message)
            channel.flush()
            if session.events:
                self._events()
            if not session.is_quiet_until(self._timer.fires_at):
                self._arm()
        except Exception as error:
            self._break(error)

    # Called by the channel.

    def message_received(self, message: bytes) -> None:
        if self._has_stopped:
            return
        self._has_received = True
        try:
            if self._late.messages is None and self._has_turn():
                self._read_this_turn += 1
                self._receive(message)
            elif not self._late.add(message):
                self._session.overworked()
                self._events()
        except Exception as error:
            self._break(error)

    def channel_closed(self) -> None:
        channel = self._channel
        # If nothing of the session has come over this channel yet, the other side has given up the
        # link alone, and not the session.
        self._closed(channel is None or (channel.was_closed and self._has_received))

    # Inside.

    def _attach(self, channel: Channel) -> None:
        refill = self._session.refill(channel, HIGH_WATER_BYTES, self._look)
        self.channel_drained = refill
        channel.attach(self, low_water_bytes=LOW_WATER_BYTES)

    def _look(self, error: Exception | None) -> None:
        """The channel was filled again, and there is more to do."""
        if error is not None:
            self._break(error)
        self.send()

    def _has_turn(self) -> bool:
        # A visitor has one link, and nobody else to serve.
        budget = self._session.budget
        if budget is None:
            return True
        if is_turn_over(self._read_this_turn, budget.work - self._work_before_turn):
            return False
        return not budget.ready_at or budget.ready_at <= self._loop.time()

    def _read(self, message: bytes) -> None:
        try:
            self._receive(message)
        except Exception as error:
            self._break(error)

    def _receive(self, message: bytes) -> None:
        if self._session.receive(message, self._loop.time()):
            self._events()
            if not self._send_is_soon:
                self.send_soon()
        elif self._read_this_turn >= UNANSWERED_MESSAGES:
            self.send_soon()

    def _next_turn(self) -> None:
        # Nearly every message that is read asks for this.
        self._send_is_soon = False
        session = self._session
        if session.budget is not None:
            self._read_this_turn, self._work_before_turn = 0, session.budget.work
        self.send()

    def _arm(self) -> None:
        deadline = self._session.next_timeout()
        if deadline is not None and not self._has_stopped and self._channel is not None:
            self._timer.set(deadline)

    def _on_timer(self) -> None:
        now = self._loop.time()
        try:
            self._session.handle_timeout(now)
            self._events()
        except Exception as error:
            self._break(error)
        self.send()

    def _break(self, error: Exception) -> None:
        """Something failed half way through a message, for want of memory, say: all is over.

        To go on, here or over another channel, would be to lose a piece of a body and not to know.
        """
        self._session.faulted()
        context = {"message": "fault in a session", "exception": error}
        self._loop.call_exception_handler(context)
        self._events()


def _nothing() -> None:
    """There is no channel to fill."""
