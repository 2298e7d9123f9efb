"""A whole session: an input is a script of messages from the remote and of calls from our side.

The first byte chooses role and codec, the second how far the session has come before. Then records:
what (u8), length (u16), bytes. `receive` must never raise; our own calls raise errors of ours only;
what is sent must be whole messages within the peer's credit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from p2claw import _fastframe, _pyframe
from p2claw.errors import LinkError, LocalProtocolError, RemoteProtocolError, StreamResetError
from p2claw.wire.frames.codec import codec_of
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import Limits
from p2claw.wire.session.events import Event, SessionFailed
from p2claw.wire.session.session import Session
from tests.vectors.by_hand import DATA, END, denoted, frame
from tests.vectors.transcript import BOX_HELLO, VISITOR_HELLO, request, response
from tests.wire.session.meter import CreditMeter
from tests.wire.vectors import read

_CODECS = (codec_of(_fastframe), codec_of(_pyframe))
_LIMITS = Limits(
    streams=16, box_window_bytes=65_536, visitor_window_bytes=65_536, cut_heads=8, reset_codes=8
)
_OURS = (LocalProtocolError, StreamResetError, LinkError)
_GET = RequestHead("GET", "/", ())
_HEAD = RequestHead("HEAD", "/", (("x", "y"),), urgency=0)
_OK = ResponseHead(200, ())

_RAW, _FRAMES, _CALL, _TIME = range(4)


def _record(what: int, data: bytes) -> bytes:
    return bytes([what]) + len(data).to_bytes(2, "big") + data


def _seeds() -> Iterator[bytes]:
    """The messages of the transcripts, each session in every state; and scripts of our calls."""
    for case in read("session.json")["transcripts"]:
        messages = [step["message"] for step in case["steps"] if step.get("do") == "receive"]
        taken = [denoted(message) for message in messages if not isinstance(message, dict)]
        records = b"".join(_record(_RAW, message) for message in taken if len(message) < 600)
        first = int(case["role"] == "box")
        for state in (0, 1, 2):
            yield bytes([first, state]) + records
    calls = b"".join(_record(_CALL, bytes([n, 1, 200])) for n in range(9))
    small = bytes((2, 1, 1, 0)) + bytes((3, 0, 1, 3)) + b"abc" + bytes((3, 1, 1, 1)) + b"d"
    for first in range(4):
        for state in range(5):
            yield bytes([first, state]) + calls
            yield bytes([first, state]) + _record(_FRAMES, small) + calls + _record(_TIME, b"\x1e")


SEEDS = list(_seeds())


def run(data: bytes) -> None:
    if len(data) < 2:
        raise RemoteProtocolError("no session")
    drive = _Drive(Role.BOX if data[0] & 1 else Role.VISITOR, _CODECS[data[0] >> 1 & 1])
    drive.come_to(data[1] % 5)
    at = 2
    while at + 3 <= len(data):
        what, size = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
        drive.step(what % 4, data[at + 3 : at + 3 + size])
        at += 3 + size
    if drive.session.failed:
        raise RemoteProtocolError("the session has failed")


class _Drive:
    """One session, and a check on all that it says."""

    def __init__(self, role: Role, codec) -> None:  # type: ignore[no-untyped-def]
        app = "dog" if role is Role.VISITOR else None
        self.session = Session(role, app=app, limits=_LIMITS, codec=codec)
        self._decode = codec.decode_message
        self._meter = CreditMeter()
        self._now = 0.0
        self._ended = False

    def come_to(self, state: int) -> None:
        """Bring the session into one of five states."""
        if state == 0:
            return
        is_box = self.session.role is Role.BOX
        self._receive(VISITOR_HELLO if is_box else BOX_HELLO)
        if state >= 2:
            if is_box:
                self._receive(request(1), request(3, END), frame(DATA, 0, 1, b"body"))
            else:
                self.session.streams.open_request(_GET, end=False)
                self.session.streams.open_request(_HEAD, end=True)
        self._drain()
        if state >= 3:
            if is_box:
                self.session.streams.send_response(1, _OK, end=False)
                self.session.streams.send_data(1, b"b" * 300_000)
            else:
                self._receive(response(1), frame(DATA, 0, 1, b"body"))
                self.session.streams.send_data(1, b"b" * 300_000)
        if state == 4:
            self.session.goaway(Code.SHUTDOWN)
        self._drain()

    def step(self, what: int, data: bytes) -> None:
        """Carry out one record."""
        if what == _RAW:
            self._receive(data)
        elif what == _FRAMES:
            self._receive(*_framed(data))
        elif what == _CALL:
            with suppress(*_OURS):
                self._call(data)
        else:
            self._now += (data[0] if data else 1) * 0.5
            self.session.handle_timeout(self._now)
        self._drain()

    def _receive(self, *frames: bytes) -> None:
        message = b"".join(frames)
        before = self.session.failed
        self.session.receive(message, self._now)
        if not before and not self.session.failed:
            self._meter.sender_reads(message)

    def _call(self, data: bytes) -> None:
        what, stream, n = (data + b"\0\1\0")[:3]
        session = self.session
        calls = (
            lambda: session.streams.open_request(_HEAD if n & 1 else _GET, end=bool(n & 2)),
            lambda: session.streams.send_response(stream, _OK, end=bool(n & 1)),
            lambda: session.streams.send_data(stream, b"x" * n * 40, end=bool(n & 1)),
            lambda: session.streams.send_trailers(stream, (("t", "v"),)),
            lambda: session.streams.consumed(stream, n * 40),
            lambda: session.streams.reset(stream, Code(n % 13), "why"),
            lambda: session.goaway(Code(n % 13), "bye"),
            lambda: session.ping(self._now),
            lambda: session.streams.queued(stream),
        )
        calls[what % len(calls)]()

    def _drain(self) -> None:
        session = self.session
        while (event := session.next_event()) is not None:
            self._check_event(event)
        while (message := session.to_send(self._now)) is not None:
            self._decode(message)
            self._meter.sender_sends(message)
        while (event := session.next_event()) is not None:
            self._check_event(event)
        assert len(session.streams) <= 128
        assert (session.next_timeout() is None) == session.failed

    def _check_event(self, event: Event) -> None:
        assert not self._ended, "an event after SessionFailed"
        self._ended = isinstance(event, SessionFailed)


def _framed(data: bytes) -> Iterator[bytes]:
    """Frames with right lengths from any bytes: type, flags, stream, length of the payload."""
    at = 0
    while at + 4 <= len(data):
        type, flags, stream, size = data[at : at + 4]
        payload = data[at + 4 : at + 4 + size]
        yield frame(type % 10, flags, stream, payload)
        at += 4 + size
