"""Joins a session with a channel: messages in, events to streams, messages out, timers.

The protocol is in `wire.session`, the transport in `channel.py`, the streams and the tasks of
requests in `open_streams.py`. The hot path has no task and no await per message: `message_received`
and `_send` run synchronously until the channel is full, and everything that a turn of the loop
produced is sent together.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from p2claw.errors import LinkError
from p2claw.grace import within
from p2claw.link.channel import Channel
from p2claw.link.handling import Handler
from p2claw.link.keeping import KeptPlaces
from p2claw.link.late import Late, is_turn_over
from p2claw.link.moving_timer import MovingTimer
from p2claw.link.news import Fact, News
from p2claw.link.open_streams import EVENTS as STREAM_EVENTS
from p2claw.link.open_streams import OpenStreams
from p2claw.link.stream import VisitorStream
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead
from p2claw.wire.frames.hello import Hello, Role
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session

# The scheduler cannot reorder what waits in the channel: at 2 MB/s, 512 KiB delay a small response
# by a quarter of a second. Measured from 32/64 to 256/512 KiB, speed and CPU were the same, since
# `channel_drained` refills at once. Bytes in flight do not count here.
LOW_WATER_BYTES = 32 * 1024
HIGH_WATER_BYTES = 64 * 1024

# How long a session whose link is lost waits for another that carries it on.
RESUME_S = 30.0

# How long a channel that we close may go on sending its buffer.
CLOSE_TIMEOUT_S = 3.0


class Pump:
    """The driver of one session over one channel, and over those that follow it, to its end.

    If the path of a channel is lost and both sides speak `resume`, another channel may follow: see
    `adopt`. If the other side closes the channel, the session is over.

    handler: of a box; one task per request runs it. A RESET from the visitor or the loss of the
        link cancels the task; if it raises, the stream is reset with INTERNAL.
    places: for requests that are kept, as of Handling.
    admit: called with the peer's HELLO before any request runs; if it returns a code, the link
        ends with that code.
    resume: of a box; returns whether an earlier session goes on over the channel of this pump. If
        so, that channel belongs to the other pump from then on.
    """

    __slots__ = (
        "_admit",
        "_channel",
        "_channel_is_closed",
        "_ended",
        "_ending",
        "_has_received",
        "_late",
        "_loop",
        "_loss",
        "_news",
        "_read_this_turn",
        "_resume",
        "_resume_reply",
        "_send_is_soon",
        "_streams",
        "_timer",
        "_waiting",
        "_work_before_turn",
        "on_pong",
        "session",
    )

    def __init__(
        self,
        session: Session,
        channel: Channel,
        *,
        handler: Handler | None = None,
        places: KeptPlaces | None = None,
        admit: Callable[[Hello], Code | None] = lambda hello: None,
        resume: Callable[[Pump, ev.ResumeAsked], bool] = lambda pump, asked: False,
    ) -> None:
        self.session = session
        self.on_pong: Callable[[float], None] = lambda rtt_s: None
        self._channel: Channel | None = channel
        self._resume = resume
        self._resume_reply: ev.ResumeReplied | None = None
        self._has_received = True  # on this channel
        self._late = Late(session, self._read)
        self._waiting: asyncio.TimerHandle | None = None  # for another link
        self._admit = admit
        self._loop = asyncio.get_running_loop()
        self._streams = OpenStreams(session, self._send_soon, handler, places)
        self._send_is_soon = False
        self._read_this_turn = self._work_before_turn = 0
        self._timer = MovingTimer(self._on_timer)
        self._loss: LinkError | None = None
        self._news = News()
        self._channel_is_closed = Fact()
        self._ending: asyncio.Task[None] | None = None
        self._ended = Fact()

    @property
    def draining(self) -> bool:
        """Whether new streams are refused: either side has sent GOAWAY, or the link is lost."""
        return self._loss is not None or self.session.failed or self.session.draining

    def start(self) -> None:
        """Attach to the channel and send HELLO, once."""
        self._send()
        if self._channel is not None:
            self._channel.attach(self, low_water_bytes=LOW_WATER_BYTES)

    async def hello(self, *, timeout_s: float) -> Hello:
        """The peer's HELLO. Raises LinkError `link-timeout`, or why the link was lost."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.session.peer_hello is None:
                    await self.news()
        except TimeoutError:
            raise LinkError(
                f"the other side sent no HELLO within {timeout_s:g} s",
                code="link-timeout",
            ) from None
        return self.session.peer_hello

    def open(self, head: RequestHead, *, end: bool) -> VisitorStream:
        """Send a request.

        Raises LinkError, or LocalProtocolError `streams-exhausted` (wait for `news`) or `goaway`.
        """
        if self._loss is not None:
            raise self._loss
        stream = self._streams.open(head, end=end)
        self._news.wake()
        return stream

    @property
    def loss(self) -> LinkError | None:
        """Why the session is over; None: it is not."""
        return self._loss

    @property
    def is_waiting(self) -> bool:
        """Whether the link is lost, and another may carry the session on."""
        return self._waiting is not None

    def ping(self) -> None:
        """Measure a round trip, now: `on_pong` is called with it, in seconds."""
        self.session.ping(self._loop.time())
        self._send_soon()

    def abandon(self, loss: LinkError) -> None:
        """End a session without a GOAWAY: one that waits for another link, or that is none yet."""
        self._channel_is_closed.set()
        self._end(loss)

    async def resume_reply(self, *, timeout_s: float) -> int | None:
        """Visitor: whether this link carries an earlier session on, as in ResumeReplied.

        Raises LinkError.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self._resume_reply is None:
                    await self.news()
        except TimeoutError:
            raise LinkError(
                f"the box did not reply within {timeout_s:g} s whether the session goes on",
                code="link-timeout",
            ) from None
        return self._resume_reply.received

    def hand_over(self) -> Channel:
        """Release the channel to another pump, which goes on with it; this one is over."""
        channel = self._channel
        assert channel is not None
        channel.detach()
        self._channel = None
        self._channel_is_closed.set()
        self._end(LinkError("the link carries an earlier session"))
        return channel

    def freeze(self) -> None:
        """Visitor: read nothing more from this link.

        Another link is about to report how many messages have come, and that must not change.
        """
        if self._loss is None and self._channel is not None:
            self._suspend()

    def adopt(self, channel: Channel, received: int) -> None:
        """Go on over another channel. received: how many of our messages the other side has."""
        if self._loss is not None:
            channel.close()
            return
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._channel is not None:
            self._channel.detach()
        self._channel = channel
        self._has_received = False
        self._late.clear()
        self.session.resume(received, self._loop.time())
        if self.session.role is Role.BOX and not self.session.failed:
            channel.send(self.session.resumed())
        channel.attach(self, low_water_bytes=LOW_WATER_BYTES)
        self._handle_events()
        self._send_soon()
        self._news.wake()

    async def news(self) -> None:
        """Wait until HELLO has come, a stream was opened or closed, or another link carries it on.

        Raises LinkError when the session is over.
        """
        if self._loss is not None:
            raise self._loss
        await self._news.wait()
        if self._loss is not None:
            raise self._loss

    async def idle(self) -> None:
        """Wait until no request is open any more, or the link is lost."""
        with contextlib.suppress(LinkError):
            while self.session.streams:
                await self.news()

    async def drain(self, *, timeout_s: float) -> None:
        """Refuse new requests, let the open ones finish, then close: GOAWAY `SHUTDOWN`."""
        if self._loss is None:
            self.session.goaway(Code.SHUTDOWN)
            self._send_soon()
            await within(timeout_s, self.idle())
        await self.close(Code.SHUTDOWN)

    async def close(self, code: Code = Code.NO_ERROR, reason: str = "") -> None:
        """Send GOAWAY, close the channel, end every task. Returns within CLOSE_TIMEOUT_S or so."""
        if self._loss is None:
            if not self.session.draining:
                self.session.goaway(code, reason)
            self._send_last()
            await within(CLOSE_TIMEOUT_S, self._channel_is_closed.wait())
            self._end(LinkError("the link was closed here"))
        self._streams.keep_none()
        await self._ended.wait()

    async def wait_closed(self) -> LinkError:
        """Wait for the end of the link, and return why it ended. No task of it runs any more."""
        await self._ended.wait()
        assert self._loss is not None
        return self._loss

    # Called by the channel.

    def message_received(self, message: bytes) -> None:
        if self._loss is not None:
            return
        self._has_received = True
        if not self._late and self._has_turn():
            self._read_this_turn += 1
            self._read(message)
        elif not self._late.add(message):
            self.session.overworked()
            self._handle_events()

    def _has_turn(self) -> bool:
        # A visitor has one link, and nobody else to serve.
        if self.session.role is Role.VISITOR:
            return True
        work = self.session.work - self._work_before_turn
        if is_turn_over(self._read_this_turn, work):
            return False
        return self.session.ready_at <= self._loop.time()

    def _read(self, message: bytes) -> None:
        self.session.receive(message, self._loop.time())
        self._handle_events()
        self._send_soon()

    def channel_drained(self) -> None:
        # At once, not soon: the transport has little left to send.
        self._send()

    def channel_closed(self) -> None:
        channel = self._channel
        # If nothing of the session has come over this channel yet, the other side has given up the
        # link alone, and not the session.
        ended = channel is None or (channel.was_closed and self._has_received)
        if not ended and self.session.can_resume:
            self._suspend()
            return
        self._channel_is_closed.set()
        self._end(LinkError("the other side closed the link, or its path is gone"))

    def _suspend(self) -> None:
        if self._channel is not None:
            self._channel.detach()
        self._channel = None
        self._timer.cancel()
        if self._waiting is None:
            self._waiting = self._loop.call_later(RESUME_S, self._give_up)
        self._news.wake()

    def _give_up(self) -> None:
        self.abandon(LinkError("the path is gone, and no other was found in time"))

    # Out.

    def _send_soon(self) -> None:
        if not self._send_is_soon:
            self._send_is_soon = True
            self._loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        # Every message that is read asks for this.
        self._read_this_turn, self._work_before_turn = 0, self.session.work
        self._send()

    def _send(self) -> None:
        self._send_is_soon = False
        session, channel = self.session, self._channel
        if self._loss is not None or channel is None:
            return
        now = self._loop.time()
        while True:
            message = session.to_send(now, room=channel.buffered_bytes < HIGH_WATER_BYTES)
            if message is None:
                break
            channel.send(message)
        channel.flush()
        self._handle_events()
        self._arm()

    def _send_last(self) -> None:
        """Send everything that the session still has, even above high water, then close."""
        if self._channel is None:
            self._channel_is_closed.set()
            return
        while message := self.session.to_send(self._loop.time()):
            self._channel.send(message)
        self._channel.close()

    def _arm(self) -> None:
        deadline = self.session.next_timeout()
        if deadline is not None and self._loss is None and self._channel is not None:
            self._timer.set(deadline)

    def _on_timer(self) -> None:
        self.session.handle_timeout(self._loop.time())
        self._handle_events()
        self._send()

    # Events.

    def _handle_events(self) -> None:
        session, streams = self.session, self._streams
        while (event := session.next_event()) is not None:
            of_stream = STREAM_EVENTS.get(type(event))
            if of_stream is None:
                _EVENTS[type(event)](self, event)
            else:
                of_stream(streams, event)

    def _on_hello(self, event: ev.HelloReceived) -> None:
        code = self._admit(event.hello)
        if code is not None:
            self.session.goaway(code)
            self._send_last()
            self._end(LinkError("the visitor was not admitted", code=code.text))
        self._news.wake()

    def _on_closed(self, event: ev.StreamClosed) -> None:
        self._streams.on_closed(event)
        self._news.wake()

    def _on_pong(self, event: ev.PongReceived) -> None:
        self.on_pong(event.rtt_s)

    def _on_goaway(self, event: ev.GoawayReceived) -> None:
        if event.code not in (Code.NO_ERROR, Code.SHUTDOWN):
            # Not a drain: the other side closes next, and nothing that is open goes on.
            text = event.reason or event.code.text
            if self._channel is not None:
                self._channel.close()
            self._end(LinkError(f"the other side refuses the link: {text}", code=event.code.text))
        self._news.wake()

    def _on_resume_asked(self, event: ev.ResumeAsked) -> None:
        if self._loss is None and not self._resume(self, event):
            self.session.refuse_resume()

    def _on_resume_replied(self, event: ev.ResumeReplied) -> None:
        self._resume_reply = event
        if event.received is not None and self._channel is not None:
            # What follows is of the session that it carries, and waits for that one's pump.
            self._channel.detach()
        self._news.wake()

    def _on_failed(self, event: ev.SessionFailed) -> None:
        self._send_last()
        self._end(LinkError(f"the link failed: {event.reason}", code=event.code.text))

    # The end.

    def _end(self, loss: LinkError) -> None:
        """Wake all tasks that wait, and end those of requests. Only the first reason counts."""
        if self._loss is not None:
            return
        self._loss = loss
        self._late.clear()
        self._timer.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._streams.fail(loss)
        self._news.wake()
        self._ending = self._loop.create_task(self._end_tasks())

    async def _end_tasks(self) -> None:
        try:
            await self._streams.end_tasks()
        finally:
            self._ended.set()


_EVENTS: dict[type, Callable[[Pump, Any], None]] = {
    ev.HelloReceived: Pump._on_hello,
    ev.StreamClosed: Pump._on_closed,
    ev.PongReceived: Pump._on_pong,
    ev.GoawayReceived: Pump._on_goaway,
    ev.ResumeAsked: Pump._on_resume_asked,
    ev.ResumeReplied: Pump._on_resume_replied,
    ev.SessionFailed: Pump._on_failed,
}
