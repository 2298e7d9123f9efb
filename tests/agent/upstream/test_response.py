"""Reading an upstream's response: where it ends, what is passed over, what is refused."""

from __future__ import annotations

import pytest

from p2claw.agent.request_faults import (
    AppBrokenFault,
    HeadTooLargeFault,
    RequestFault,
    UpstreamClosedFault,
)
from p2claw.agent.upstream.response import ResponseReader
from p2claw.config import UpstreamLimits

OK = b"HTTP/1.1 200 OK\r\n"


def reader(method: str = "GET") -> ResponseReader:
    return ResponseReader(method, UpstreamLimits(head_bytes=1000, head_fields=5))


def read(wire: bytes, *, method: str = "GET", eof: bool = False, step: int = 0) -> ResponseReader:
    """Feed wire whole, or in steps of so many bytes."""
    response = reader(method)
    step = step or len(wire) or 1
    for start in range(0, len(wire), step):
        response.receive(wire[start : start + step])
    if eof:
        response.receive_eof()
    return response


def body(response: ResponseReader) -> bytes:
    return b"".join(response.pieces)


def fault(wire: bytes, *, method: str = "GET", eof: bool = False) -> type[RequestFault]:
    with pytest.raises(RequestFault) as caught:
        read(wire, method=method, eof=eof)
    return type(caught.value)


SIZED = OK + b"Content-Length: 5\r\nX-Cat: a\r\nX-Cat: b\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 7\r\n\r\n"


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("wire", [SIZED, CHUNKED])
def test_a_body_is_read_in_whatever_steps_it_comes(wire: bytes, step: int) -> None:
    response = read(wire, step=step)
    assert (body(response), response.complete, response.keep_alive) == (b"hello", True, True)


def test_names_are_lower_case_and_repeated_fields_stay_apart() -> None:
    head = read(SIZED).head
    assert head is not None
    assert head.fields == (("content-length", "5"), ("x-cat", "a"), ("x-cat", "b"))


def test_values_keep_their_octets_and_lose_blanks_around_them() -> None:
    head = read(OK + b"X:  caf\xe9 \t\r\nE:\r\nContent-Length: 0\r\n\r\n").head
    assert head is not None
    assert head.fields[:2] == (("x", "caf\xe9"), ("e", ""))


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"HTTP/1.1 404 Not Found", "Not Found"),
        (b"HTTP/1.1 404 Introuvable \xe9", "Introuvable \xe9"),
        (b"HTTP/1.1 404 ", ""),
        (b"HTTP/1.1 404", ""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Gone fishing", "Gone fishing"),
        (b"HTTP/1.1 404 " + b"r" * 300, "r" * 256),
    ],
)
def test_the_reason_is_what_stands_behind_the_final_status(
    line: bytes, reason: str, step: int
) -> None:
    response = read(line + b"\r\nContent-Length: 0\r\n\r\n", step=step)
    assert response.head is not None
    assert response.head.reason == reason


def test_trailers_come_after_the_body() -> None:
    assert read(CHUNKED).trailers == (("x-sum", "7"),)


def test_a_thousand_tiny_chunks_are_one_piece() -> None:
    response = read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1000)
    assert list(response.pieces) == [b"x" * 1000]


def test_the_buffered_bytes_are_counted() -> None:
    assert read(SIZED).buffered_bytes == 5


def test_without_a_length_the_body_ends_with_the_connection() -> None:
    response = read(OK + b"\r\nhello", eof=True)
    assert (body(response), response.complete, response.keep_alive) == (b"hello", True, False)


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", b"200 OK"), ("GET", b"204 No"), ("GET", b"304 Not")]
)
@pytest.mark.parametrize("framing", [b"Content-Length: 5\r\n", b"", b"X: y\r\n"])
def test_a_response_that_has_no_body_is_complete_with_its_head(
    method: str, status: bytes, framing: bytes
) -> None:
    response = read(b"HTTP/1.1 " + status + b"\r\n" + framing + b"\r\n", method=method)
    assert (response.complete, response.keep_alive) == (True, True)


def test_a_body_where_none_belongs_is_dropped_and_ends_the_connection() -> None:
    response = read(OK + b"Content-Length: 5\r\n\r\nhello", method="HEAD")
    assert (body(response), response.complete, response.keep_alive) == (b"", True, False)


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [0, 1])
def test_interim_responses_leave_no_trace(interim: bytes, step: int) -> None:
    response = read(interim + SIZED, step=step)
    assert response.head == read(SIZED).head
    assert body(response) == b"hello"


@pytest.mark.parametrize(
    "head",
    [
        OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n",
        OK + b"Connection: x, Close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_connection_that_the_app_gives_up_is_not_kept(head: bytes) -> None:
    response = read(head)
    assert (response.complete, response.keep_alive) == (True, False)


def test_an_old_server_may_keep_the_connection() -> None:
    assert read(
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
    ).keep_alive


@pytest.mark.parametrize("surplus", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"])
@pytest.mark.parametrize("step", [0, 1])
def test_bytes_after_the_end_spoil_the_connection_and_not_the_response(
    surplus: bytes, step: int
) -> None:
    response = read(SIZED + surplus, step=step)
    assert (body(response), response.complete, response.keep_alive) == (b"hello", True, False)
    assert response.head == read(SIZED).head


@pytest.mark.parametrize("wire", [SIZED, CHUNKED])
def test_an_empty_line_after_the_end_spoils_nothing(wire: bytes) -> None:
    response = read(wire + b"\r\n")
    assert (body(response), response.complete, response.keep_alive) == (b"hello", True, True)


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        OK + b"X-A: b\0c\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=lambda wire: repr(wire[:50]),
)
def test_what_is_not_http_is_a_broken_app(wire: bytes) -> None:
    assert fault(wire) is AppBrokenFault


@pytest.mark.parametrize(
    ("fields", "seen", "whole"),
    [
        (b"X-A: b\r\n folded", (("x-a", "b folded"),), b"2\r\nhi\r\n0\r\n\r\n"),
        (b"X-A: b\nX-B: c", (("x-a", "b"), ("x-b", "c")), b"2\r\nhi\r\n0\r\n\r\n"),
        (b"X-A: b\x04c", (("x-a", "b\x04c"),), b"2\r\nhi\r\n0\r\n\r\n"),
    ],
)
def test_a_head_is_read_as_browsers_read_it(
    fields: bytes, seen: tuple[tuple[str, str], ...], whole: bytes
) -> None:
    response = read(OK + fields + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + whole)
    assert response.head is not None
    assert (response.head.fields[:-1], body(response)) == (seen, b"hi")


@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        (b"Content-Length: 9\r\nTransfer-Encoding: chunked", b"2\r\nhi\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: gzip, chunked", b"2\r\nhi\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: gzip", b"hi"),
    ],
)
def test_where_a_body_ends_in_spite_of_its_fields_and_the_connection_with_it(
    coding: bytes, wire: bytes
) -> None:
    response = read(OK + coding + b"\r\n\r\n" + wire, eof=True)
    assert response.head is not None
    assert "content-length" not in dict(response.head.fields)
    assert (body(response), response.complete, response.keep_alive) == (b"hi", True, False)


def test_what_came_before_a_fault_is_kept() -> None:
    response = reader()
    with pytest.raises(AppBrokenFault):
        response.receive(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n")
    assert body(response) == b"hi"


def test_what_is_not_http_is_noticed_before_the_connection_ends() -> None:
    response = reader()
    with pytest.raises(AppBrokenFault):
        response.receive(b"S")


@pytest.mark.parametrize("wire", [b"HTTP/1.1 20", SIZED[:-1], CHUNKED[:-1], CHUNKED[:-12]])
def test_a_response_that_is_cut_off_is_a_broken_app(wire: bytes) -> None:
    assert fault(wire, eof=True) is AppBrokenFault


@pytest.mark.parametrize("wire", [OK, OK + b"X: y\r\n", SIZED[:-9]])
def test_of_a_head_that_is_cut_off_there_is_what_has_come(wire: bytes) -> None:
    response = read(wire, eof=True)
    assert response.head is not None
    assert (response.head.status, body(response)) == (200, b"")
    assert (response.complete, response.keep_alive) == (True, False)


@pytest.mark.parametrize("more", [b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n"])
def test_a_connection_on_which_two_lengths_were_declared_is_not_used_again(
    more: bytes,
) -> None:
    wire = OK + b"Content-Length: 5\r\n" + more + b"\r\n"
    response = read(wire + (b"0\r\n\r\n" if b"chunked" in more else b"hello"))
    assert (response.complete, response.keep_alive) == (True, False)


def test_a_connection_that_ends_without_a_response_is_a_case_of_its_own() -> None:
    assert fault(b"", eof=True) is UpstreamClosedFault


@pytest.mark.parametrize(
    "wire",
    [
        OK + b"X: " + b"a" * 2000,
        OK + b"X: " + b"a" * 1000 + b"\r\n\r\n",
        OK + b"X: y\r\n" * 6 + b"\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n" * 100,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 7,
    ],
    ids=["no end", "long value", "many fields", "many interim heads", "many trailers"],
)
def test_a_head_that_is_too_large_is_refused(wire: bytes) -> None:
    assert fault(wire) is HeadTooLargeFault


@pytest.mark.parametrize("last", [b"0\r\nX: ", b"5;x="])
def test_a_trailer_or_an_extension_without_end_is_refused(last: bytes) -> None:
    response = read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + last)
    with pytest.raises(HeadTooLargeFault):
        for _ in range(20):
            response.receive(b"a" * 100)


def test_a_large_body_in_the_same_read_does_not_count_as_head() -> None:
    response = read(OK + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000)
    assert response.complete
