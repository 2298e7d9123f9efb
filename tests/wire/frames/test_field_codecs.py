"""Fields of heads: what is allowed in them, how a usual head is read, and both codecs alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2claw import _fastframe, _pyframe

BOTH = pytest.mark.parametrize("codec", [_fastframe, _pyframe], ids=lambda codec: codec.NAME)

# Every octet, and some characters that are none.
TEXT = st.text(st.characters(max_codepoint=0x101), max_size=12)
NAMES = st.one_of(TEXT, st.text("abz-0", min_size=1, max_size=6))
PAIRS = st.tuples(NAMES, TEXT)
ODD: st.SearchStrategy[Any] = st.one_of(PAIRS, st.lists(TEXT, max_size=3), st.binary(), st.none())

OK = b"HTTP/1.1 200 OK"
LINES = st.one_of(
    st.sampled_from(
        [
            b"Content-Length: 5",
            b"content-length:05",
            b"Content-Length: 5, 5",
            b"Content-Length: 999999999999999999",
            b"Content-Length: 9999999999999999999",
            b"Content-Length: \xb2",
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: Chunked",
            b"X-Cat:  caf\xe9 \t",
            b"X-A\xe9: 1",
            b" folded",
            b"X : y",
            b"no colon",
            b"X: a\x04b",
            b"X: a\0b",
            b"X: a\rb",
            b"X: a\nb",
            b": nameless",
            b"n" * 256 + b": 1",
            b"n" * 257 + b": 1",
            b"",
        ]
    ),
    st.binary(max_size=12),
)
STATUSES = st.sampled_from(
    [
        *(
            OK,
            b"HTTP/1.1 404 Not \xe9 Found\t",
            b"HTTP/1.1 204 ",
            b"HTTP/1.1 204",
            b"HTTP/1.0 200 OK",
        ),
        *(
            b"http/1.1 200 OK",
            b"HTTP/1.1 2000 OK",
            b"HTTP/1.1  200  OK",
            b"HTTP/1.1 200 O\x01K",
            b"",
        ),
    ]
)


@BOTH
@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ((), None),
        ((("accept", "*/*"), ("x-cat", "caf\xe9\t\x01")), None),
        ((("x", ""),), None),
        ((["x", "y"],), "a field that is not a name and a value"),
        ((("x",),), "a field that is not a name and a value"),
        ((("x", b"y"),), "a field that is not a name and a value"),
        ((("X", "y"),), "a field name that is not a lower-case token"),
        ((("", "y"),), "a field name that is not a lower-case token"),
        ((("x y", "z"),), "a field name that is not a lower-case token"),
        ((("\xe9", "z"),), "a field name that is not a lower-case token"),
        ((("x", "a\rb"),), "a field value with a character that is not allowed"),
        ((("x", "a\0b"),), "a field value with a character that is not allowed"),
        ((("x", "\u0100"),), "a field value with a character that is not allowed"),
    ],
)
def test_what_may_stand_in_fields(codec: Any, fields: tuple[Any, ...], fault: str | None) -> None:
    assert codec.fields_fault(fields) == fault


@BOTH
def test_a_usual_head_is_read(codec: Any) -> None:
    head = OK + b'\r\nServer: nginx\r\nContent-Length: 5\r\nETag:"1-2" \r\nVary:\r\n\r\n'
    fields = (("server", "nginx"), ("content-length", "5"), ("etag", '"1-2"'), ("vary", ""))
    assert codec.read_head(head) == (200, "OK", fields, "5")
    assert codec.read_head(b"HTTP/1.1 304 \r\n\r\n") == (304, "", (), None)


@BOTH
def test_a_head_is_written(codec: Any) -> None:
    written = codec.write_head("GET / HTTP/1.1", "x:1", (("a", "\xe9"),), (("b", ""),))
    assert written == b"GET / HTTP/1.1\r\nhost: x:1\r\na: \xe9\r\nb: \r\n\r\n"


@BOTH
@pytest.mark.parametrize("bad", ["a\rb", "a\nb", "a\0b", "\u0100"])
def test_a_line_that_would_end_early_is_not_written(codec: Any, bad: str) -> None:
    assert codec.write_head(bad, "x", (), ()) is None
    assert codec.write_head("GET / HTTP/1.1", bad, (), ()) is None
    assert codec.write_head("GET / HTTP/1.1", "x", ((bad, "b"),), ()) is None
    assert codec.write_head("GET / HTTP/1.1", "x", (), (("a", bad),)) is None


@given(st.lists(st.one_of(PAIRS, ODD), max_size=4).map(tuple))
@settings(max_examples=300, deadline=None)
def test_both_find_the_same_fault_in_fields(fields: tuple[Any, ...]) -> None:
    assert _fastframe.fields_fault(fields) == _pyframe.fields_fault(fields)


@given(STATUSES, st.lists(LINES, max_size=5))
@settings(max_examples=500, deadline=None)
def test_both_read_the_same_head(status: bytes, lines: list[bytes]) -> None:
    head = b"\r\n".join([status, *lines, b"", b""])
    assert _fastframe.read_head(head) == _pyframe.read_head(head)


@given(st.binary(max_size=40))
@settings(max_examples=300, deadline=None)
def test_both_read_nothing_of_what_is_no_head(head: bytes) -> None:
    assert _fastframe.read_head(head) == _pyframe.read_head(head)
    assert _fastframe.read_head(OK + head) == _pyframe.read_head(OK + head)


@given(TEXT, TEXT, st.lists(PAIRS, max_size=3).map(tuple), st.lists(PAIRS, max_size=2).map(tuple))
@settings(max_examples=300, deadline=None)
def test_both_write_the_same_head(
    first: str,
    host: str,
    fields: tuple[tuple[str, str], ...],
    more: tuple[tuple[str, str], ...],
) -> None:
    fast = _fastframe.write_head(first, host, fields, more)
    assert fast == _pyframe.write_head(first, host, fields, more)
