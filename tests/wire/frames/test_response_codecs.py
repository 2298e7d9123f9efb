"""The beginning of an app's response: what is read in one step, and both codecs alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2claw import _fastframe, _pyframe
from p2claw.agent.upstream.response import ResponseReader
from p2claw.config import UpstreamLimits
from p2claw.errors import P2clawError
from tests.wire.frames.test_field_codecs import LINES, OK, STATUSES

BOTH = pytest.mark.parametrize("codec", [_fastframe, _pyframe], ids=lambda codec: codec.NAME)
MOST = (65_536, 100)
LIMITS = UpstreamLimits()

MORE_LINES = st.one_of(
    LINES,
    st.sampled_from(
        [b"Content-Length: 0", b"Connection: keep-alive", b"connection: close", b"X: y"]
    ),
)


@BOTH
@pytest.mark.parametrize("of", [bytes, memoryview])
def test_a_usual_response_is_read_in_one_step(codec: Any, of: Any) -> None:
    head = OK + b"\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"
    fields = (("content-length", "5"), ("connection", "keep-alive"))
    assert codec.read_response(of(head + b"hello"), *MOST) == (200, fields, "OK", b"hello", 0)
    assert codec.read_response(of(head + b"he"), *MOST) == (200, fields, "OK", b"he", 3)
    assert codec.read_response(of(head), *MOST) == (200, fields, "OK", b"", 5)


@BOTH
@pytest.mark.parametrize(
    "data",
    [
        OK + b"\r\nContent-Length: 5\r\n\r\nhello!",
        OK + b"\r\nContent-Length: 5\r\n",
        OK + b"\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        OK + b"\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"\r\nX: y\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 600 X\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 " + 257 * b"x" + b"\r\nContent-Length: 5\r\n\r\n",
        OK + b"\r\nX: " + 4_096 * b"y" + b"\r\nContent-Length: 5\r\n\r\n",
        b"",
    ],
)
def test_whatever_is_unusual_is_left_to_others(codec: Any, data: bytes) -> None:
    assert codec.read_response(data, *MOST) is None


@BOTH
def test_a_head_above_a_limit_is_left_to_others(codec: Any) -> None:
    data = OK + b"\r\nContent-Length: 0\r\nX: y\r\n\r\n"
    most = len(data) + 2 * 7
    assert codec.read_response(data, most, 2) is not None
    assert codec.read_response(data, most - 1, 2) is None
    assert codec.read_response(data, most, 1) is None


@given(STATUSES, st.lists(MORE_LINES, max_size=5), st.binary(max_size=6))
@settings(max_examples=500, deadline=None)
def test_both_read_the_same_response(status: bytes, lines: list[bytes], body: bytes) -> None:
    data = b"\r\n".join([status, *lines, b"", body])
    assert _fastframe.read_response(data, *MOST) == _pyframe.read_response(data, *MOST)


@given(STATUSES, st.lists(MORE_LINES, max_size=5), st.binary(max_size=6))
@settings(max_examples=500, deadline=None)
def test_a_response_is_the_same_in_one_step_and_in_many(
    status: bytes, lines: list[bytes], body: bytes
) -> None:
    data = b"\r\n".join([status, *lines, b"", body])
    assert read([data]) == read([data[:1], data[1:]])


def read(parts: list[bytes]) -> Any:
    """What a reader makes of these: a fault, or all that can be seen of the response."""
    reader = ResponseReader("GET", LIMITS)
    try:
        for part in parts:
            reader.receive(part)
    except P2clawError as error:
        return error.code, error.message
    body = b"".join(reader.pieces)
    return reader.head, body, reader.buffered_bytes, reader.complete, reader.keep_alive
