"""A session: one side of docs/WIRE.md §1–§9 over one link, without any IO.

Call `receive` with a message, then drain `next_event` and `to_send`, then set a timer for
`next_timeout`. Streams are handled in `inbound.py`, `outbound.py` and `streams.py`; here are HELLO,
PING, GOAWAY, and failure.
"""

from __future__ import annotations

from p2claw import __version__
from p2claw.errors import LinkError, LocalProtocolError, RemoteProtocolError
from p2claw.wire.frames.codec import CODEC, Codec
from p2claw.wire.frames.codes import FLAG_ACK, Code, FrameType
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.heads import Fields, RequestHead, ResponseHead
from p2claw.wire.frames.hello import (
    EXTENSIONS,
    RESUME,
    Hello,
    Role,
    agree,
    decode_hello,
    encode_hello,
)
from p2claw.wire.frames.limits import DEFAULT_LIMITS, FIRST_STREAMS, Limits
from p2claw.wire.frames.payloads import goaway_payload, read_goaway, read_received, received_payload
from p2claw.wire.session.budget import Budget
from p2claw.wire.session.counters import Counters
from p2claw.wire.session.delivery import Delivery, Resumption
from p2claw.wire.session.events import (
    Event,
    GoawayReceived,
    HelloReceived,
    PongReceived,
    ResumeAnswered,
    ResumeAsked,
    SessionFailed,
)
from p2claw.wire.session.inbound import Inbound
from p2claw.wire.session.keepalive import Keepalive, Silence
from p2claw.wire.session.outbound import Outbound
from p2claw.wire.session.side import Side
from p2claw.wire.session.states import SESSION_TRANSITIONS, Cause, State
from p2claw.wire.session.streams import Streams

_RESUMED = int(FrameType.RESUMED)
_DATA = int(FrameType.DATA)
_GOAWAY = int(FrameType.GOAWAY)
_HELLO = int(FrameType.HELLO)
_PING = int(FrameType.PING)
_RECEIVED_BYTE = bytes([FrameType.RECEIVED])
_FINISHED = 0  # a notice of the scheduler, as against 1, WRITABLE


class Session:
    """One side of a session.

    role: which side it is. app: the app that a visitor wants; None for a box. software: for the
    logs of the peer. extensions: those spoken here. codec: reads and writes frames; a test may
    choose it. token: of a box, by which a visitor can resume the session on another link; without
    one it cannot. place: where in the box the session is. resumes: of a visitor, what this link is
    to carry on; open no requests before ResumeAnswered then.
    """

    __slots__ = (
        "_budget",
        "_codec",
        "_delivery",
        "_events_read",
        "_goaway_at_end",
        "_hello",
        "_inbound",
        "_keepalive",
        "_last_stream",
        "_outbound",
        "_side",
        "_state",
        "_streams",
        "counters",
        "limits",
        "peer_hello",
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
    ) -> None:
        if (app is not None) != (role is Role.VISITOR):
            raise LocalProtocolError("a visitor names an app, and a box does not", code="app-wrong")
        self.limits = limits = limits or DEFAULT_LIMITS
        self.counters = Counters()
        self.peer_hello: Hello | None = None
        self._codec = codec
        self._state = State.RUNNING
        self._events_read = 0  # how many of the events `next_event` has returned
        self._last_stream: int | None = None  # of the GOAWAY that we sent
        self._goaway_at_end: bytes | None = None  # the message that a failed session still sends
        self._keepalive = Keepalive(limits)
        self._budget = Budget(limits) if role is Role.BOX else None
        self._delivery = Delivery(codec, quiet=resumes is not None)
        if role is Role.BOX and not token:
            extensions = tuple(name for name in extensions if name != RESUME)
        self._side = side = Side(role, limits, codec, self.counters)
        self._streams = Streams(side)
        self._outbound = Outbound(side, self._streams)
        self._inbound = Inbound(side, self._streams, self._outbound)
        self._hello = Hello(
            role=role,
            app=app or "",
            software=software,
            window_bytes=side.window_bytes,
            streams=limits.streams if role is Role.BOX else FIRST_STREAMS,
            extensions=extensions,
            token=resumes.token if resumes is not None else token,
            received=resumes.received if resumes is not None else 0,
            place=place,
        )
        side.send_control(FrameType.HELLO, 0, encode_hello(self._hello))

    @property
    def role(self) -> Role:
        """Which side this is."""
        return self._hello.role

    def speaks(self, extension: str) -> bool:
        """Whether both sides speak it; False before the other side's HELLO."""
        theirs = self.peer_hello.extensions if self.peer_hello is not None else ()
        return extension in theirs and extension in self._hello.extensions

    @property
    def open_streams(self) -> int:
        """How many streams are open: those that neither side has reset and not both have ended."""
        return len(self._streams)

    @property
    def failed(self) -> bool:
        """Whether the session is over."""
        return self._state is State.FAILED

    @property
    def draining(self) -> bool:
        """Whether either side has sent GOAWAY."""
        return self._state is State.DRAINING

    def receive(self, message: bytes, now: float) -> None:
        """Read a message. Whatever is wrong with it becomes an event: this never raises for it."""
        if self._state is State.FAILED:
            return
        self._keepalive.received(now)
        counters = self.counters
        counters.messages_in += 1
        counters.bytes_in += len(message)
        try:
            if message[2:3] == _RECEIVED_BYTE and self.speaks(RESUME):
                self._on_received(message)
                return
            self._delivery.count_received(len(message), now)
            frames = self._codec.decode_message(message)
            counters.frames_in += len(frames)
            if self._budget is not None:
                self._budget.spend(frames, now)
            for type, flags, stream, payload in frames:
                self._frame(type, flags, stream, payload, now)
            if self._side.scheduler.control_bytes > self.limits.control_bytes:
                raise SessionFault("too much to answer, and nothing of it is read", Code.LIMIT)
        except SessionFault as fault:
            self._fail(fault.wire_code, fault.message)
        except RemoteProtocolError as error:
            self._fail(Code.PROTOCOL, error.message)

    def next_event(self) -> Event | None:
        """The next event, in order; None if there is none."""
        events = self._side.events
        if self._events_read < len(events):
            self._events_read += 1
            return events[self._events_read - 1]
        events.clear()
        self._events_read = 0
        return None

    def to_send(self, now: float, *, room: bool = True) -> bytes | None:
        """The next message for the channel, or None if nothing can be sent now.

        room: whether the channel takes more than what cannot wait, a RECEIVED that is due. If that
        waited for room, its deadline would stay in the past until then.
        """
        if self._state is State.FAILED:
            message, self._goaway_at_end = self._goaway_at_end, None
            return message
        self._keepalive.start(now)
        delivery = self._delivery
        message = delivery.ack(now) or (delivery.again() if room else None)
        if message is not None:
            return message
        if delivery.is_full or not room:
            return None
        message = self._side.scheduler.next_message()
        if message is None:
            return None
        delivery.keep_sent(message)
        self.counters.messages_out += 1
        self.counters.bytes_out += len(message)
        self.counters.frames_out = self._side.scheduler.frames_out
        for notice, stream in self._side.scheduler.take_notices():
            if notice == _FINISHED:
                self._streams.handed_out(stream)
            else:
                self._streams.writable(stream)
        return message

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout`, on the clock of `now`; None: never."""
        if self._state is State.FAILED:
            return None
        silence, ack = self._keepalive.deadline(), self._delivery.deadline
        return silence if ack is None or (silence is not None and silence < ack) else ack

    def handle_timeout(self, now: float) -> None:
        """Look at the clock: send PING after silence, fail when the other side is lost.

        A RECEIVED that is due is what `to_send` returns next.
        """
        if self._state is State.FAILED:
            return
        silence = self._keepalive.check(now)
        if silence is Silence.LOST:
            self._fail(Code.TIMEOUT, f"nothing was heard for {self.limits.dead_after_s:g} s")
        elif silence is Silence.PING:
            self.ping(now)

    @property
    def can_resume(self) -> bool:
        """Whether the session can go on over another link, should its own be lost.

        A visitor's that is not yet known to be one of its own cannot.
        """
        return (
            self._state is not State.FAILED and not self._delivery.is_quiet and self.speaks(RESUME)
        )

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
            self._delivery.resume(received, now)
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
        if self._state is not State.FAILED:
            self._side.send_control(FrameType.PING, 0, self._keepalive.next_ping(now))

    def open_request(self, head: RequestHead, *, end: bool) -> int:
        """Visitor: begin a request; its stream id.

        Raises LocalProtocolError `streams-exhausted` at the box's limit, `goaway` while draining,
        `head-invalid`, `head-too-large`, `ids-exhausted`; LinkError after failure.
        """
        self._must_run()
        if self.role is not Role.VISITOR:
            raise LocalProtocolError("a box opens no streams", code="role-wrong")
        if self._state is State.DRAINING:
            raise LocalProtocolError("no new streams on a link that drains", code="goaway")
        return self._outbound.request(head, end=end)

    def send_response(self, stream: int, head: ResponseHead, *, end: bool) -> None:
        """Box: respond to a request.

        Raises StreamResetError if the stream is over, LocalProtocolError `head-invalid`,
        `head-too-large`, `out-of-order`; LinkError after failure.
        """
        self._must_run()
        if self.role is not Role.BOX:
            raise LocalProtocolError("a visitor sends no responses", code="role-wrong")
        self._outbound.response(stream, head, end=end)

    def send_data(self, stream: int, data: bytes | memoryview, *, end: bool = False) -> None:
        """Queue body bytes, whole and uncopied: they must not change until they have gone.

        Raises StreamResetError if the stream is over, LocalProtocolError `out-of-order`,
        `no-body`; LinkError after failure.
        """
        self._must_run()
        self._outbound.data(stream, data, end=end)

    def send_trailers(self, stream: int, fields: Fields) -> None:
        """End the body with fields. Raises as `send_response`."""
        self._must_run()
        self._outbound.trailers(stream, fields)

    def consumed(self, stream: int, n: int, now: float | None = None) -> None:
        """The consumer has read n body bytes: credit is granted in quarters of the window.

        now: lets the window tune its size to the reader.
        """
        if self._state is not State.FAILED:
            self._outbound.consumed(stream, n, now)

    def reset(self, stream: int, code: Code, reason: str = "") -> None:
        """End a stream early; nothing if it is over already."""
        if self._state is not State.FAILED:
            self._streams.reset(stream, code, reason)

    def goaway(self, code: Code, reason: str = "") -> None:
        """Refuse new streams; open ones go on."""
        if self._state is State.FAILED:
            return
        self._state = SESSION_TRANSITIONS[self._state, Cause.GOAWAY]
        if self._last_stream is None:
            self._last_stream = self._highest_of_peer()
        self._side.send_control(
            FrameType.GOAWAY, 0, goaway_payload(self._last_stream, code, reason)
        )

    @property
    def ready_at(self) -> float:
        """Box: when to give the next message to `receive`, on the clock of `now`; 0.0: at once.

        The visitor has made more work than docs/WIRE.md §8 allows.
        """
        return 0.0 if self._budget is None else self._budget.ready_at

    def overworked(self) -> None:
        """Box: more waits to be read than may: the session is over."""
        if self._state is not State.FAILED and self._budget is not None:
            what = self._budget.overdrawn or "frames"
            self._fail(Code.LIMIT, f"too much work in a short time: {what}")

    @property
    def heard_at(self) -> float | None:
        """When a message last came, on the clock of `now`; None: nothing was sent or came yet."""
        return self._keepalive.received_at

    def queued(self, stream: int) -> int:
        """Body bytes of a stream that `to_send` has not handed out."""
        return self._side.scheduler.queued(stream)

    def _frame(self, type: int, flags: int, stream: int, payload: bytes, now: float) -> None:
        if self.peer_hello is None:
            if type != _HELLO:
                raise SessionFault("a frame before HELLO")
            self._on_hello(payload)
        elif stream and type <= _GOAWAY:
            draining = self._state is State.DRAINING
            self._inbound.receive(type, flags, stream, payload, draining=draining)
        elif type == _PING:
            self._on_ping(flags, payload, now)
        elif type == _GOAWAY:
            self._on_goaway(payload)
        elif type == _RESUMED and self._hello.token:
            self._on_resumed(payload)
        elif type == _HELLO:
            raise SessionFault("a second HELLO")
        # All else is of an extension that is not spoken here, and ignored.

    def _on_hello(self, payload: bytes) -> None:
        hello = decode_hello(payload)
        agree(self._hello, hello)
        self.peer_hello = hello
        self._outbound.peer_allows(hello.window_bytes, hello.streams)
        self._side.emit(HelloReceived(hello))
        if not self.speaks(RESUME):
            self._delivery.stop()
        if self.role is Role.BOX and hello.token and self.speaks(RESUME):
            self._side.emit(ResumeAsked(hello.token, hello.received))
        elif self.role is Role.VISITOR and self._hello.token and not self.speaks(RESUME):
            self._side.emit(ResumeAnswered(None))

    def _on_resumed(self, payload: bytes) -> None:
        if self.role is Role.BOX:
            raise SessionFault("RESUMED from a visitor")
        if not payload:
            self._delivery.speak()
        self._side.emit(ResumeAnswered(read_received(payload) if payload else None))

    def _on_received(self, message: bytes) -> None:
        frames = self._codec.decode_message(message)
        if len(frames) != 1:
            raise SessionFault("a RECEIVED that is not alone in its message")
        self._delivery.acknowledged(read_received(frames[0][3]))

    def _on_ping(self, flags: int, payload: bytes, now: float) -> None:
        if flags & FLAG_ACK:
            rtt_s = self._keepalive.pong(payload, now)
            if rtt_s is not None:
                self._side.emit(PongReceived(rtt_s))
        elif self._keepalive.may_reply(now):
            # Ahead of everything else, but not of our HELLO.
            front = self.counters.messages_out > 0
            self._side.send_control(FrameType.PING, 0, payload, flags=FLAG_ACK, front=front)
        else:
            self.counters.pings_dropped += 1

    def _on_goaway(self, payload: bytes) -> None:
        last_stream, code, reason = read_goaway(payload)
        self._state = SESSION_TRANSITIONS[self._state, Cause.GOAWAY]
        self._side.emit(GoawayReceived(last_stream, code, reason))
        if self.role is Role.BOX:
            return
        for id in self._streams:
            stream = self._streams.get(id)
            if id > last_stream and stream is not None:
                self._streams.lost(stream, Code.REFUSED, "above the last stream of GOAWAY")

    def _highest_of_peer(self) -> int:
        return self._streams.closed.highest if self.role is Role.BOX else 0

    def _must_run(self) -> None:
        if self._state is State.FAILED:
            raise LinkError("the session has failed", hint="Open a new link")

    def _fail(self, code: Code, reason: str) -> None:
        self._state = SESSION_TRANSITIONS[self._state, Cause.FAULT]
        last_stream = self._highest_of_peer() if self._last_stream is None else self._last_stream
        payload = goaway_payload(last_stream, code, reason)
        message = self._codec.encode_frame(FrameType.GOAWAY, 0, 0, payload)
        if not self.counters.messages_out:
            hello = encode_hello(self._hello)
            message = self._codec.encode_frame(FrameType.HELLO, 0, 0, hello) + message
        self._goaway_at_end = message
        self._streams.clear()
        self._side.emit(SessionFailed(code, reason))
