"""Joins a session with a link: events to streams, who waits for what, resumption, and the end.

The protocol is in `wire.session`, the way of messages to and from the channel in `driver.py`, the
streams and the tasks of requests in `open_streams.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from p2claw.errors import LinkError
from p2claw.grace import within
from p2claw.link.channel import Channel
from p2claw.link.driver import Driver
from p2claw.link.handling import Handler
from p2claw.link.keeping import KeptPlaces
from p2claw.link.news import Fact, News
from p2claw.link.open_streams import EVENTS as STREAM_EVENTS
from p2claw.link.open_streams import OpenStreams
from p2claw.link.stream import VisitorStream
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead
from p2claw.wire.frames.hello import Hello
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session

# How long a session whose link is lost waits for another that carries it on. Whoever finds so much
# later that the time is up has stood still itself, and waits once more.
RESUME_S = 30.0
STOOD_STILL_S = 1.0

# How long a channel that we close may go on sending its buffer.
CLOSE_TIMEOUT_S = 3.0


class Pump:
    """The life of one session over one channel, and over those that follow it, to its end.

    If the path of a channel is lost and both sides speak `resume`, another channel may follow: see
    `adopt`. If the other side closes the channel, the session is over.

    handler: a box has one, and runs it in a task per request. A RESET from the visitor or the loss
        of the link cancels the task; if the task raises, the stream is reset with INTERNAL.
    places: bounds how many requests go on without their visitor; see Handling.
    is_prompt: the handler needs no task until it asks for one; see Handling.
    admit: called with the peer's HELLO before any request runs; if it returns a code, the link
        ends with that code.
    resume: a box has one. It is called when a visitor wants to go on with an earlier session, and
        returns whether that is possible; then the channel belongs to the pump of that session.
    """

    __slots__ = (
        "_admit",
        "_channel_is_closed",
        "_drains_no_longer",
        "_driver",
        "_ended",
        "_ending",
        "_loop",
        "_loss",
        "_news",
        "_resume",
        "_resume_reply",
        "_stood_still",
        "_streams",
        "_waiting",
        "_waiting_until",
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
        is_prompt: bool = False,
        admit: Callable[[Hello], Code | None] = lambda hello: None,
        resume: Callable[[Pump, ev.ResumeAsked], bool] = lambda pump, asked: False,
    ) -> None:
        self.session = session
        self.on_pong: Callable[[float], None] = lambda rtt_s: None
        self._driver = Driver(session, channel, self._handle_events, self._channel_closed)
        self._resume = resume
        self._resume_reply: ev.ResumeReplied | None = None
        self._waiting: asyncio.TimerHandle | None = None  # for another link
        self._waiting_until = 0.0
        self._stood_still = False  # in the present wait, which has begun again for that
        self._admit = admit
        self._loop = asyncio.get_running_loop()
        self._streams = OpenStreams(
            session,
            self._driver.send_soon,
            self._driver.send_now,
            handler,
            places,
            is_prompt=is_prompt,
        )
        self._loss: LinkError | None = None
        self._news = News()
        self._channel_is_closed = Fact()
        self._ending: asyncio.Task[None] | None = None
        self._ended = Fact()
        self._drains_no_longer = False

    @property
    def draining(self) -> bool:
        """Whether new streams are refused: either side has sent GOAWAY, or the link is lost."""
        return self._loss is not None or self.session.failed or self.session.draining

    def start(self) -> None:
        """Attach to the channel and send HELLO, once."""
        self._driver.start()

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
        self._driver.send_soon()

    def abandon(self, loss: LinkError) -> None:
        """End the session without a GOAWAY: it waits for another link, or has not begun."""
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
        channel = self._driver.release()
        assert channel is not None
        self._channel_is_closed.set()
        self._end(LinkError("the link carries an earlier session"))
        return channel

    def freeze(self) -> None:
        """Visitor: read nothing more from this link.

        Another link is about to report how many messages have come, and that must not change.
        """
        if self._loss is None and self._driver.has_channel:
            self._wait_for_another()

    def adopt(self, channel: Channel, received: int) -> None:
        """Go on over another channel. received: how many of our messages the other side has."""
        if self._loss is not None:
            channel.close()
            return
        self._stop_waiting()
        self._driver.follow(channel, received)
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
            self._driver.send_soon()
            await within(timeout_s, self._drained())
        await self.close(Code.SHUTDOWN)

    def drain_no_longer(self) -> None:
        """Let `drain` close the link whatever is open on it."""
        self._drains_no_longer = True
        self._news.wake()

    @property
    def is_endless(self) -> bool:
        """Whether nothing is open on it that would end by itself."""
        return self._streams.are_endless

    async def _drained(self) -> None:
        with contextlib.suppress(LinkError):
            while self.session.streams and not self._drains_no_longer:
                await self.news()

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

    # The channel.

    def _channel_closed(self, has_ended: bool) -> None:
        if not has_ended and self.session.can_resume:
            self._wait_for_another()
            return
        self._channel_is_closed.set()
        self._end(LinkError("the other side closed the link, or its path is gone"))

    def _wait_for_another(self) -> None:
        """The channel is of no more use, but another may carry the session on."""
        self._driver.release()
        if self._waiting is None:
            self._stood_still = False
            self._wait()
        self._news.wake()

    def _wait(self) -> None:
        self._waiting_until = self._loop.time() + RESUME_S
        self._waiting = self._loop.call_at(self._waiting_until, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if not self._stood_still and self._loop.time() - self._waiting_until > STOOD_STILL_S:
            self._stood_still = True
            self._wait()
            return
        self.abandon(LinkError("the path is gone, and no other was found in time"))

    def _send_last(self) -> None:
        if not self._driver.send_last():
            self._channel_is_closed.set()

    # Events.

    def _handle_events(self) -> None:
        session, streams = self.session, self._streams
        # Whoever comes back here while an event is handled takes those that follow.
        while session.events:
            event = session.next_event()
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
            self._driver.close_channel()
            self._end(LinkError(f"the other side refuses the link: {text}", code=event.code.text))
        self._news.wake()

    def _on_resume_asked(self, event: ev.ResumeAsked) -> None:
        if self._loss is None and not self._resume(self, event):
            self.session.refuse_resume()

    def _on_resume_replied(self, event: ev.ResumeReplied) -> None:
        self._resume_reply = event
        if event.received is not None:
            # What follows is of the session that it carries, and waits for that one's pump.
            self._driver.pause()
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
        self._driver.stop()
        self._stop_waiting()
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
