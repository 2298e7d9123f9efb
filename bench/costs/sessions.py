"""Frames in the worst order: what a visitor can make a session do."""

from __future__ import annotations

from collections.abc import Callable

from bench.costs import Case
from p2claw.wire.frames.codec import CODEC
from p2claw.wire.frames.codes import Code, FrameType
from p2claw.wire.frames.heads import RequestHead, encode_request
from p2claw.wire.frames.hello import EXTENSIONS, Hello, Role, encode_hello
from p2claw.wire.frames.limits import DEFAULT_LIMITS
from p2claw.wire.frames.payloads import received_payload, reset_payload, window_payload
from p2claw.wire.session.session import Session

GET = encode_request(RequestHead("GET", "/", (("host", "dog"),)), DEFAULT_LIMITS)
POST = encode_request(RequestHead("POST", "/", (("host", "dog"),)), DEFAULT_LIMITS)


def frame(type: FrameType, stream: int = 0, payload: bytes = b"", flags: int = 0) -> bytes:
    return CODEC.encode_frame(type, flags, stream, payload)


def box() -> Session:
    """A box that has read the HELLO of a visitor."""
    session = Session(Role.BOX, token=b"crab" * 4)
    hello = Hello(Role.VISITOR, app="dog", extensions=EXTENSIONS)
    session.receive(frame(FrameType.HELLO, 0, encode_hello(hello)), 0.0)
    return session


def each(messages: Callable[[int], list[bytes]]) -> Callable[[int], Callable[[], None]]:
    """A message each, read and responded to at once; no response is acknowledged."""

    def make(n: int) -> Callable[[], None]:
        session, sent = box(), messages(n)

        def run() -> None:
            for message in sent:
                session.receive(message, 0.0)
                while session.next_event() is not None:
                    pass
                while session.to_send(0.0) is not None:
                    pass
            assert not session.failed

        return run

    return make


def opened_and_cancelled(n: int) -> list[bytes]:
    cancel = reset_payload(Code.CANCEL, "")
    return [
        frame(FrameType.REQUEST, 2 * i + 1, GET, 1) + frame(FrameType.RESET, 2 * i + 1, cancel)
        for i in range(n)
    ]


def refused(n: int) -> list[bytes]:
    """All streams are open, and more are asked for."""
    return [frame(FrameType.REQUEST, 2 * i + 1, POST) for i in range(DEFAULT_LIMITS.streams + n)]


def acknowledged_one_by_one(n: int) -> list[bytes]:
    """Small responses pile up, and then are acknowledged one at a time."""
    return refused(n) + [frame(FrameType.RECEIVED, 0, received_payload(i)) for i in range(1, n)]


def tiny_data(n: int) -> list[bytes]:
    return [frame(FrameType.REQUEST, 1, POST)] + [frame(FrameType.DATA, 1, b"x")] * n


def credits(n: int) -> list[bytes]:
    return [frame(FrameType.REQUEST, 1, POST)] + [frame(FrameType.WINDOW, 1, window_payload(1))] * n


CASES = {
    "requests opened and cancelled": Case(2_000, each(opened_and_cancelled)),
    "requests refused": Case(2_000, each(refused)),
    "responses acknowledged singly": Case(8_000, each(acknowledged_one_by_one)),
    "body a byte at a time": Case(8_000, each(tiny_data)),
    "credit a byte at a time": Case(8_000, each(credits)),
}
