"""A usual head is read quickly, and as the lenient way reads it; an unusual one is left to that."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2claw.agent.request_faults import AppBrokenFault
from p2claw.agent.upstream.lenient import read_head
from p2claw.agent.upstream.plain_head import read_plain_head

OK = b"HTTP/1.1 200 OK\r\n"

LINES = st.sampled_from(
    [
        b"Content-Length: 5",
        b"content-length:05",
        b"Content-Length: 5, 5",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked",
        b"Connection: close",
        b"X-Cat:  caf\xe9 \t",
        b" folded",
        b"X : y",
        b"no colon",
        b"X: a\x04b",
        b"X: a\0b",
        b"X: a\rb",
        b"X: a\nb",
        b": nameless",
        b"",
    ]
)
STATUSES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 404 Not \xe9 Found\t",
        b"HTTP/1.1 204 ",
        b"HTTP/1.1 204",
        b"HTTP/1.0 200 OK",
        b"http/1.1 200 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1  200  OK",
        b"",
    ]
)


@pytest.mark.parametrize(
    "head",
    [
        OK + b"\r\n",
        OK + b'Server: nginx\r\nContent-Length: 5\r\nETag: "1-2"\r\n\r\n',
        OK + b"Transfer-Encoding: chunked\r\nVary:\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nDate: Mon\r\n\r\n",
    ],
)
def test_what_servers_send_is_read_quickly(head: bytes) -> None:
    assert read_plain_head(head) == read_head(head)


@given(st.tuples(STATUSES, st.lists(st.one_of(LINES, st.binary(max_size=12)), max_size=5)))
@settings(max_examples=500, deadline=None)
def test_whatever_is_read_quickly_is_read_alike(written: tuple[bytes, list[bytes]]) -> None:
    status, lines = written
    head = b"\r\n".join([status, *lines, b"", b""])
    head = head[: head.index(b"\r\n\r\n") + 4]
    quickly = read_plain_head(head)
    if quickly is None:
        return
    try:
        leniently = read_head(head)
    except AppBrokenFault:
        pytest.fail(f"{head!r} is refused, and was read")
    assert quickly == leniently
