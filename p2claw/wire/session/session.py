"""A session: one side of docs/WIRE.md §1–§9 over one link, without any IO.

Call `receive` with a message, then drain `next_event` and `to_send`, then set a timer for
`next_timeout`. Here are messages, PING, GOAWAY and failure. What happens on streams is in
`streams.py` and `inbound.py`, what HELLO agrees on in `agreement.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2claw import __version__
from p2claw.errors import RemoteProtocolError
from p2claw.wire.frames.codec import CODEC, Codec
from p2claw.wire.frames.codes import FLAG_ACK, Code, FrameType
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.hello import EXTENSIONS, RESUME, WIDE, Hello, Role
from p2claw.wire.frames.limits import DEFAULT_LIMITS, Limits
from p2claw.wire.frames.payloads import goaway_payload, read_goaway, read_received, received_payload
from p2claw.wire.session.agreement import Agreement, our_hello
from p2claw.wire.session.budget import Budget
from p2claw.wire.session.counters import Counters
from p2claw.wire.session.delivery import Delivery, Resumption
from p2claw.wire.session.events import (
    Event,
    GoawayReceived,
    HelloReceived,
    PongReceived,
    ResumeAsked,
    ResumeReplied,
    SessionFailed,
)
from p2claw.wire.session.inbound import Inbound
from p2claw.wire.session.keepalive import Keepalive, Silence
from p2claw.wire.session.room import Room
from p2claw.wire.session.side import Side
from p2claw.wire.session.states import Cause, State
from p2claw.wire.session.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from p2claw._pyframe.outbox import Sink

_RESUMED = int(FrameType.RESUMED)
_DATA = int(FrameType.DATA)
_GOAWAY = int(FrameType.GOAWAY)
_HELLO = int(FrameType.HELLO)
_PING = int(FrameType.PING)
_RECEIVED_BYTE = bytes([FrameType.RECEIVED])


class Session:
    """One side of a session.

    role: which side it is. app: the app that a visitor wants; None for a box. software: for the
    logs of the peer. extensions: those of this side. codec: reads and writes frames; a test may
    choose it. token: of a box, by which a visitor can resume the session on another link; without
    one it cannot. place: where in the box the session is. resumes: of a visitor, what this link is
    to carry on; open no requests before ResumeReplied then. room: what the windows of all links of
    this process may grow by together; then `close_room` at the end of the link.

    streams: opens streams, sends on them and ends them. budget: of a box, how much work the visitor
    may make. events: those that `next_event` has not returned yet are among them; false: there are
    none.
    Raises LocalProtocolError `app-wrong`.
    """

    __slots__ = (
        "_agreement",
        "_codec",
        "_counters",
        "_delivery",
        "_events_read",
        "_goaway_at_end",
        "_inbound",
        "_keepalive",
        "_last_stream",
        "_outbox",
        "_quiet_s",
        "_side",
        "budget",
        "events",
        "limits",
        "role",
        "streams",
    )

    def __init__(
        self,
        role: Role,
        *,
        app: str | None = None,
        limits: Limits | None = None,
        software: str = f"p2claw/{__version__}",
        extensions: tuple[str, ...] = EXTENSIONS,
        codec: Codec = CODEC,
        token: bytes = b"",
        place: int | None = None,
        resumes: Resumption | None = None,
        room: Room | None = None,
    ) -> None:
        self.role = role
        self.limits = limits = limits or DEFAULT_LIMITS
        self._counters = Counters()
        self._codec = codec
        self._events_read = 0  # how many of the events `next_event` has returned
        self._last_stream: int | None = None  # of the GOAWAY that we sent
        self._goaway_at_end: bytes | None = None  # the message that a failed session still sends
        self._keepalive = Keepalive(limits)
        self._quiet_s = min(limits.ping_after_s, limits.dead_after_s)
        self.budget = Budget(limits) if role is Role.BOX else None
        self._side = side = Side(role, limits, codec, self._counters, room)
        self.events = side.events
        self._delivery = Delivery(codec, side.scheduler, quiet=resumes is not None)
        self._outbox = self._delivery.outbox
        self.streams = Streams(side)
        self._inbound = Inbound(side, self.streams)
        self._agreement = Agreement(
            our_hello(
                role,
                app=app,
                software=software,
                extensions=extensions,
                limits=limits,
                window_bytes=side.window_bytes,
                token=token,
                place=place,
                resumes=resumes,
            )
        )
        side.send_control(FrameType.HELLO, 0, self._agreement.encode())

    @property
    def counters(self) -> Counters:
        """What has crossed the session since it began."""
        counters, outbox = self._counters, self._outbox
        counters.messages_out, counters.bytes_out = outbox.sent, outbox.sent_bytes
        counters.frames_out = outbox.scheduler.frames_out
        return counters

    @property
    def peer_hello(self) -> Hello | None:
        """The other side's HELLO; None before it has come."""
        return self._agreement.theirs

    def has_extension(self, extension: str) -> bool:
        """Whether both sides resume_sending it; False before the other side's HELLO."""
        return self._agreement.has_extension(extension)

    @property
    def failed(self) -> bool:
        """Whether the session is over."""
        return self._side.state is State.FAILED

    @property
    def draining(self) -> bool:
        """Whether either side has sent GOAWAY."""
        return self._side.state is State.DRAINING

    def receive(self, message: bytes, now: float) -> bool:
        """Read a message. Whatever is wrong with it becomes an event: this never raises for it.

        Returns whether there may be events now, or more to send: not for what only acknowledges.
        """
        side = self._side
        if side.state is State.FAILED:
            return False
        keepalive, counters = self._keepalive, self._counters
        keepalive.received_at, keepalive.pinged = now, False
        counters.messages_in += 1
        counters.bytes_in += len(message)
        try:
            agreement = self._agreement
            if message[2:3] == _RECEIVED_BYTE and agreement.has_extension(RESUME):
                was_open = self._outbox.is_open
                self._on_received(message)
                return not was_open
            self._delivery.count_received(len(message), now)
            frames = self._codec.decode_message(message)
            counters.frames_in += len(frames)
            if self.budget is not None:
                self.budget.spend(frames, now)
            read = self._inbound.read
            is_begun = agreement.theirs is not None
            for type, flags, stream, payload in frames:
                if is_begun and stream and type <= _GOAWAY:
                    read(type, flags, stream, payload)
                else:
                    self._frame(type, flags, stream, payload, now)
                    is_begun = True
            if side.scheduler.control_bytes > self.limits.control_bytes:
                raise SessionFault("too much to answer, and nothing of it is read", Code.LIMIT)
        except SessionFault as fault:
            self._fail(fault.wire_code, fault.message)
        except RemoteProtocolError as error:
            self._fail(Code.PROTOCOL, error.message)
        return True

    def next_event(self) -> Event | None:
        """The next event, in order; None if there is none."""
        events, read = self.events, self._events_read
        if not events:
            return None
        event = events[read]
        if read + 1 < len(events):
            self._events_read = read + 1
        else:
            events.clear()
            self._events_read = 0
        return event

    def to_send(self, now: float, *, room: bool = True) -> bytes | None:
        """The next message for the channel, or None if nothing can be sent now.

        room: whether the channel has room for any message. Without room only a RECEIVED that is
        due is sent: if it waited, its deadline would stay in the past until there is room.
        """
        if self._side.state is State.FAILED:
            message, self._goaway_at_end = self._goaway_at_end, None
            return message
        self._keepalive.start(now)
        delivery = self._delivery
        if delivery.deadline is not None or not self._outbox.is_open:
            message = delivery.ack(now) or (self._outbox.again() if room else None)
            if message is not None:
                return message
            if self._outbox.is_full:
                return None
        if not room:
            return None
        message = self._outbox.next()
        self._note_sent()
        return message

    def fill(self, channel: Sink, most_bytes: int) -> bool:
        """Give new messages to a channel as long as less than so many bytes wait in it.

        Returns whether there may be more for `to_send`: only that sends what is due at a time, what
        is repeated on another link, and the last message of a failed session.
        """
        side, outbox = self._side, self._outbox
        if side.state is State.FAILED:
            return True
        outbox.fill(channel, most_bytes)
        scheduler = side.scheduler
        notices = scheduler.drain_notices()
        if notices:
            self.streams.note_sent(notices)
        # The end of a response may ask for a RESET behind it.
        return scheduler.control_bytes > 0 or not outbox.is_open

    def refill(
        self, channel: Sink, most_bytes: int, look: Callable[[Exception | None], None]
    ) -> Callable[[], None]:
        """What does the same as `fill` whenever it is called, until the session has failed.

        look: called if there is more to do than that, with the error if one was raised.
        """
        return self._codec.refill(self._outbox, channel, most_bytes, look)

    def is_due(self, now: float) -> bool:
        """Whether `to_send` has something now that `fill` does not send."""
        if self._keepalive.received_at is None:
            self._keepalive.start(now)
        return self._delivery.is_due(now)

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout`, on the clock of `now`; None: never."""
        if self._side.state is State.FAILED:
            return None
        silence, ack = self._keepalive.deadline(), self._delivery.deadline
        return silence if ack is None or (silence is not None and silence < ack) else ack

    def is_quiet_until(self, moment: float) -> bool:
        """Whether `next_timeout` is known to be no earlier than this; asked for each message."""
        received_at, ack = self._keepalive.received_at, self._delivery.deadline
        if received_at is None or (ack is not None and ack < moment):
            return False
        return moment <= received_at + self._quiet_s

    def handle_timeout(self, now: float) -> None:
        """Look at the clock: send PING after silence, fail when the other side is lost.

        A RECEIVED that is due is what `to_send` returns next.
        """
        if self._side.state is State.FAILED:
            return
        silence = self._keepalive.check(now)
        if silence is Silence.LOST:
            self._fail(Code.TIMEOUT, f"nothing was heard for {self.limits.dead_after_s:g} s")
        elif silence is Silence.PING:
            self.ping(now)

    @property
    def can_resume(self) -> bool:
        """Whether the session can go on over another link, should its own be lost.

        A visitor's session cannot before the box has confirmed that it is a new one.
        """
        return not self.failed and not self._delivery.is_quiet and self.has_extension(RESUME)

    @property
    def resumption(self) -> Resumption | None:
        """Visitor: for the HELLO of another link that is to carry the session on; None: it cannot.

        From then on, no message of this link may be given to `receive`.
        """
        if self.peer_hello is None or not self.can_resume:
            return None
        return Resumption(self.peer_hello.token, self._delivery.received)

    def resume(self, received: int, now: float) -> None:
        """Go on over another link; the other side has received so many of our messages.

        A number that cannot be fails the session.
        """
        try:
            self._delivery.resume(received)
            self._keepalive.received(now)
        except SessionFault as fault:
            self._fail(fault.wire_code, fault.message)

    def resumed(self) -> bytes:
        """Box: the first message of the link on which this session goes on."""
        payload = received_payload(self._delivery.received)
        return self._codec.encode_frame(FrameType.RESUMED, 0, 0, payload)

    def refuse_resume(self) -> None:
        """Box: the session that was asked for is not there; the link carries this one."""
        self._side.send_control(FrameType.RESUMED, 0, b"")

    def ping(self, now: float) -> None:
        """Measure a round trip; the result is a PongReceived."""
        if self._side.state is not State.FAILED:
            self._side.send_control(FrameType.PING, 0, self._keepalive.next_ping(now))

    def goaway(self, code: Code, reason: str = "") -> None:
        """Refuse new streams; open ones go on."""
        if self._side.state is State.FAILED:
            return
        self._side.advance(Cause.GOAWAY)
        if self._last_stream is None:
            self._last_stream = self._last_of_peer()
        self._side.send_control(
            FrameType.GOAWAY, 0, goaway_payload(self._last_stream, code, reason)
        )

    @property
    def ready_at(self) -> float:
        """Box: when to give the next message to `receive`, on the clock of `now`; 0.0: at once.

        The visitor has made more work than docs/WIRE.md §8 allows.
        """
        return 0.0 if self.budget is None else self.budget.ready_at

    @property
    def work(self) -> int:
        """Box: how much work the visitor has made so far, in frames; as of Budget."""
        return 0 if self.budget is None else self.budget.work

    def overworked(self) -> None:
        """Box: too many messages wait to be read: the session is over."""
        if self._side.state is not State.FAILED and self.budget is not None:
            what = self.budget.overdrawn or "frames"
            self._fail(Code.LIMIT, f"too much work in a short time: {what}")

    def faulted(self) -> None:
        """To read or send a message has failed here, half way: nothing can go on from there."""
        if self._side.state is not State.FAILED:
            self._fail(Code.INTERNAL, "a fault on this side")

    def round_trip(self, seconds: float) -> None:
        """A round trip was measured: so fast must a reader read for its window to grow."""
        self._side.room.round_trip(seconds)

    def close_room(self) -> None:
        """The link is over: the windows of other links may have what those of this one had."""
        self._side.room.close()

    @property
    def received_at(self) -> float | None:
        """When a message last came, on the clock of `now`; None: nothing was sent or came yet."""
        return self._keepalive.received_at

    def _note_sent(self) -> None:
        """The messages that were handed out may have ended streams, or made room for more."""
        notices = self._side.scheduler.drain_notices()
        if notices:
            self.streams.note_sent(notices)

    def _frame(self, type: int, flags: int, stream: int, payload: bytes, now: float) -> None:
        if self._agreement.theirs is None:
            if type != _HELLO:
                raise SessionFault("a frame before HELLO")
            self._on_hello(payload)
        elif stream and type <= _GOAWAY:
            self._inbound.read(type, flags, stream, payload)
        elif type == _PING:
            self._on_ping(flags, payload, now)
        elif type == _GOAWAY:
            self._on_goaway(payload)
        elif type == _RESUMED and self._agreement.ours.token:
            self._on_resumed(payload)
        elif type == _HELLO:
            raise SessionFault("a second HELLO")
        # All else is of an extension that is not spoken here, and ignored.

    def _on_hello(self, payload: bytes) -> None:
        hello = self._agreement.read(payload)
        self.streams.peer_allows(hello.window_bytes, hello.streams)
        self._side.emit(HelloReceived(hello))
        if not self.has_extension(RESUME):
            self._delivery.stop()
        if self.role is Role.BOX and self.has_extension(WIDE):
            self._side.widen()
        if self.role is Role.BOX and hello.token and self.has_extension(RESUME):
            self._side.emit(ResumeAsked(hello.token, hello.received))
        elif (
            self.role is Role.VISITOR
            and self._agreement.ours.token
            and not self.has_extension(RESUME)
        ):
            self._side.emit(ResumeReplied(None))

    def _on_resumed(self, payload: bytes) -> None:
        if self.role is Role.BOX:
            raise SessionFault("RESUMED from a visitor")
        if not payload:
            self._delivery.resume_sending()
        self._side.emit(ResumeReplied(read_received(payload) if payload else None))

    def _on_received(self, message: bytes) -> None:
        frames = self._codec.decode_message(message)
        if len(frames) != 1:
            raise SessionFault("a RECEIVED that is not alone in its message")
        self._delivery.acknowledged(read_received(frames[0][3]))

    def _on_ping(self, flags: int, payload: bytes, now: float) -> None:
        if flags & FLAG_ACK:
            rtt_s = self._keepalive.pong(payload, now)
            if rtt_s is not None:
                self.round_trip(rtt_s)
                self._side.emit(PongReceived(rtt_s))
        elif self._keepalive.may_reply(now):
            # Ahead of everything else, but not of our HELLO.
            front = self._outbox.sent > 0
            self._side.send_control(FrameType.PING, 0, payload, flags=FLAG_ACK, front=front)
        else:
            self._counters.pings_dropped += 1

    def _on_goaway(self, payload: bytes) -> None:
        last_stream, code, reason = read_goaway(payload)
        self._side.advance(Cause.GOAWAY)
        self._side.emit(GoawayReceived(last_stream, code, reason))
        if self.role is Role.VISITOR:
            self.streams.refuse_above(last_stream)

    def _last_of_peer(self) -> int:
        return self.streams.table.closed.highest if self.role is Role.BOX else 0

    def _fail(self, code: Code, reason: str) -> None:
        self._side.advance(Cause.FAULT)
        last_stream = self._last_of_peer() if self._last_stream is None else self._last_stream
        payload = goaway_payload(last_stream, code, reason)
        message = self._codec.encode_frame(FrameType.GOAWAY, 0, 0, payload)
        if not self._outbox.sent:
            hello = self._codec.encode_frame(FrameType.HELLO, 0, 0, self._agreement.encode())
            message = hello + message
        self._goaway_at_end = message
        self.streams.table.clear()
        self._side.emit(SessionFailed(code, reason))
