"""What is remembered of streams that are over."""

from __future__ import annotations

import pytest

from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.limits import Limits
from p2claw.wire.session.closed import ClosedStreams


def _closed() -> ClosedStreams:
    closed = ClosedStreams(Limits(reset_codes=3, cut_heads=2))
    closed.highest = 7
    return closed


@pytest.mark.parametrize(("stream", "over"), [(1, True), (7, True), (9, False), (2, False)])
def test_a_stream_was_open_once_if_it_is_odd_and_not_above_the_highest(
    stream: int, over: bool
) -> None:
    assert _closed().covers(stream) is over


def test_the_code_of_a_reset_is_remembered() -> None:
    closed = _closed()
    closed.remember(5, Code.UPSTREAM)
    assert closed.code(5) is Code.UPSTREAM


def test_a_forgotten_code_reads_as_cancel() -> None:
    closed = _closed()
    for stream in (1, 3, 5, 7):
        closed.remember(stream, Code.UPSTREAM)
    assert [closed.code(stream) for stream in (1, 3)] == [Code.CANCEL, Code.UPSTREAM]


def test_a_cut_head_is_remembered_until_its_last_part() -> None:
    closed = _closed()
    closed.cut(5)
    assert 5 in closed.unfinished
    closed.uncut(5)
    assert 5 not in closed.unfinished


def test_too_many_cut_heads_end_the_session() -> None:
    closed = _closed()
    closed.cut(1)
    closed.cut(3)
    with pytest.raises(SessionFault) as fault:
        closed.cut(5)
    assert fault.value.wire_code is Code.LIMIT
