"""What a remote can make a session keep, and what happens at each limit."""

from __future__ import annotations

import pytest

from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import Limits
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session
from p2claw.wire.session.stream import Stream
from tests.vectors.by_hand import DATA, END, MORE, PING, REQUEST, frame, reset
from tests.vectors.transcript import VISITOR_HELLO, request
from tests.wire.session.pair import Pair, emitted, events


def _box(**limits: int) -> Session:
    box = Session(Role.BOX, limits=Limits(**limits))
    box.receive(VISITOR_HELLO, 0)
    assert box.to_send(0)
    events(box)
    return box


def _failure(session: Session) -> ev.SessionFailed:
    failures = emitted(session, ev.SessionFailed)
    assert len(failures) == 1
    return failures[0]


def test_responses_that_a_peer_never_reads_end_the_session() -> None:
    box = _box(streams=16)
    for id in range(1, 1_000_001, 2):
        box.receive(request(id, END), 0)
        if box.failed:
            break
    assert _failure(box).code is Code.LIMIT


def test_heads_that_are_begun_and_never_ended_end_the_session() -> None:
    box = _box(streams=16)
    for id in range(1, 100_001, 2):
        box.receive(frame(REQUEST, MORE, id, b"x"), 0)
        box.to_send(0)
        if box.failed:
            break
    assert _failure(box).code is Code.LIMIT


def test_requests_that_are_cancelled_at_once_leave_nothing_behind() -> None:
    box = _box()
    for id in range(1, 20_001, 2):
        box.receive(request(id, END) + reset(id, 5), 0)
        events(box)
    assert not box.failed
    assert len(box.streams) == 0


def test_a_flood_of_pings_is_not_acknowledged() -> None:
    box = _box()
    for _ in range(1_000):
        box.receive(frame(PING, 0, 0, b"12345678") * 1_000, 1.0)
    sent = box.to_send(1.0)
    assert sent == frame(PING, 1, 0, b"12345678") * 10


def test_the_parts_of_a_head_take_no_more_than_its_limit() -> None:
    box = _box()
    for _ in range(20):
        box.receive(frame(REQUEST, MORE, 1, b"x" * 16_376), 0)
    sizes = [len(stream.parts) for stream in _streams(box)]
    assert sizes == [0]


def test_heads_in_parts_share_a_limit() -> None:
    box = _box()
    for id in range(1, 256, 2):
        for _ in range(4):
            if not box.failed:
                box.receive(frame(REQUEST, MORE, id, b"x" * 16_376), 0)
    assert _failure(box).code is Code.LIMIT


def test_a_head_of_empty_parts_costs_no_memory() -> None:
    box = _box()
    for _ in range(10_000):
        box.receive(frame(REQUEST, MORE, 1), 0)
    sizes = [len(stream.parts) for stream in _streams(box)]
    assert sizes == [0]


def test_data_that_nobody_wants_still_needs_credit() -> None:
    box = _box(box_window_bytes=65_536)
    box.receive(request(1, p="nowhere"), 0)
    for _ in range(5):
        box.receive(frame(DATA, 0, 1, b"x" * 16_376), 0)
    assert len(box.streams) == 0


def test_a_session_that_lasts_keeps_nothing_of_its_past() -> None:
    pair = Pair()
    for _ in range(3_000):
        id = pair.visitor.streams.open_request(RequestHead("GET", "/", ()), end=True)
        pair.exchange()
        pair.box.streams.send_response(id, ResponseHead(200, ()), end=False)
        pair.box.streams.reset(id, Code.INTERNAL)
        pair.exchange()
        events(pair.visitor)
        events(pair.box)
    assert len(pair.visitor.streams) == len(pair.box.streams) == 0
    assert pair.visitor.limits.reset_codes == 256
    assert len(pair.visitor.streams.table.closed._codes) == 256


@pytest.mark.parametrize("reason", ["é" * 1_000, "x" * 256, ""])
def test_a_reason_of_any_length_may_be_given(reason: str) -> None:
    pair = Pair()
    id = pair.visitor.streams.open_request(RequestHead("GET", "/", ()), end=True)
    pair.exchange()
    events(pair.visitor)
    pair.box.streams.reset(id, Code.INTERNAL, reason)
    pair.exchange()
    got = emitted(pair.visitor, ev.StreamReset)[0].reason
    assert got == reason.encode()[:256].decode()


def _streams(session: Session) -> list[Stream]:
    table = session.streams.table
    return [stream for id in table if (stream := table.get(id)) is not None]
