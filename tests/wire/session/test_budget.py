"""How much work a visitor may make a box do in a second."""

from __future__ import annotations

import pytest

from p2claw.wire.frames.codec import CODEC
from p2claw.wire.frames.codes import FLAG_END, Code, FrameType
from p2claw.wire.frames.heads import RequestHead, encode_request
from p2claw.wire.frames.hello import EXTENSIONS, Hello, Role, encode_hello
from p2claw.wire.frames.limits import DEFAULT_LIMITS
from p2claw.wire.frames.payloads import read_goaway, reset_payload, window_payload
from p2claw.wire.session.events import SessionFailed
from p2claw.wire.session.session import Session

GET = encode_request(RequestHead("GET", "/", ()), DEFAULT_LIMITS)
CANCEL = reset_payload(Code.CANCEL, "")
NOW = 100.0


def frame(type: FrameType, stream: int = 0, payload: bytes = b"", flags: int = 0) -> bytes:
    return CODEC.encode_frame(type, flags, stream, payload)


def box() -> Session:
    session = Session(Role.BOX)
    hello = Hello(Role.VISITOR, app="dog", extensions=EXTENSIONS)
    session.receive(frame(FrameType.HELLO, 0, encode_hello(hello)), NOW)
    return session


def opened_and_cancelled(session: Session, count: int, now: float = NOW) -> None:
    first = session.streams.table.closed.highest + 2 | 1
    for id in range(first, first + 2 * count, 2):
        session.receive(
            frame(FrameType.REQUEST, id, GET, FLAG_END) + frame(FrameType.RESET, id, CANCEL), now
        )


def test_as_many_as_a_page_has_are_read_at_once() -> None:
    session = box()
    opened_and_cancelled(session, 256)
    assert session.ready_at == 0.0


def test_after_a_burst_requests_that_are_cancelled_are_read_at_their_rate() -> None:
    session = box()
    opened_and_cancelled(session, DEFAULT_LIMITS.reset_burst + 500)
    assert session.ready_at == pytest.approx(NOW + 500 / DEFAULT_LIMITS.resets_per_s)


def test_what_is_read_when_it_is_time_is_never_too_much() -> None:
    session, now = box(), NOW
    for _ in range(100):
        opened_and_cancelled(session, 100, now)
        now = max(now, session.ready_at)
    assert now - NOW == pytest.approx(
        (100 * 100 - DEFAULT_LIMITS.reset_burst) / DEFAULT_LIMITS.resets_per_s, rel=0.02
    )


def test_a_body_in_single_bytes_is_read_at_the_rate_of_frames() -> None:
    session = box()
    session.receive(frame(FrameType.REQUEST, 1, GET), NOW)
    for _ in range(300):
        session.receive(frame(FrameType.DATA, 1, b"x") * 100, NOW)
    assert session.ready_at == pytest.approx(
        NOW + (30_000 - DEFAULT_LIMITS.frame_burst) / DEFAULT_LIMITS.frames_per_s, rel=0.01
    )


def test_credit_in_single_bytes_is_read_at_the_rate_of_control_frames() -> None:
    session = box()
    session.receive(frame(FrameType.REQUEST, 1, GET, FLAG_END), NOW)
    for _ in range(60):
        session.receive(frame(FrameType.WINDOW, 1, window_payload(1)) * 100, NOW)
    assert session.ready_at > NOW


def test_a_fast_upload_is_not_held_up() -> None:
    session, now, stream = box(), NOW, 1
    session.receive(frame(FrameType.REQUEST, stream, GET), now)
    for _ in range(2000):  # 33 MB in 0.2 s
        session.receive(frame(FrameType.DATA, stream, bytes(16_376)), now)
        session.streams.consumed(stream, 16_376)
        now += 0.0001
        assert session.ready_at == 0.0


def test_who_goes_on_all_the_same_loses_the_link_and_learns_why() -> None:
    session = box()
    while session.next_event() is not None:
        pass
    while session.to_send(NOW) is not None:
        pass
    opened_and_cancelled(session, 2000)
    session.overworked()
    failed = [event for event in iter(session.next_event, None) if type(event) is SessionFailed]
    assert [event.code for event in failed] == [Code.LIMIT]
    goaway = session.to_send(NOW)
    assert goaway is not None
    ((_, _, _, payload),) = CODEC.decode_message(goaway)
    assert read_goaway(payload)[1:] == (Code.LIMIT, "too much work in a short time: resets")


def test_a_visitor_reads_whatever_its_box_sends() -> None:
    session = Session(Role.VISITOR, app="dog")
    for _ in range(5):
        session.receive(frame(FrameType.PING, 0, bytes(8)) * 1000, NOW)
    assert session.ready_at == 0.0
