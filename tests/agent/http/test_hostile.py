"""Bytes that nobody chose: nothing but the documented faults, no way to send a second request."""

from __future__ import annotations

import contextlib
from pathlib import Path

import httptools
from hypothesis import example, given, settings
from hypothesis import strategies as st

from p2claw.agent.home.routes import Route, parse_routes
from p2claw.agent.http.fields import response_fields
from p2claw.agent.http.request_fields import request_fields
from p2claw.agent.http.rewriting import local_cookie, local_reference, local_refresh
from p2claw.agent.request_faults import BadRequestFault, RequestFault
from p2claw.agent.upstream.address import parse_upstream
from p2claw.agent.upstream.request import framing_fields, request_head
from p2claw.agent.upstream.response import ResponseReader
from p2claw.config import UpstreamLimits
from p2claw.errors import UsageError
from p2claw.wire.frames.heads import RequestHead
from tests.support.proxied import VISIT

ROUTE = Route("dog", parse_upstream("3000"))

HTTP_WORDS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 304 X\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Upgrade: h2c\r\nConnection: upgrade\r\n",
        b"X: y\r\n",
        b"\r\n",
        b"\n",
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"hello",
        b"\x00",
    ]
)
WIRE = st.lists(st.one_of(HTTP_WORDS, st.binary(max_size=20)), max_size=12).map(b"".join)

# Every character that a field may have on the wire, and some that it may not.
TEXT = st.text(st.characters(max_codepoint=0x101), max_size=20)
CONTROLS = {chr(code) for code in (*range(1, 32), 127)}
NAMES = st.one_of(
    TEXT,
    st.sampled_from(
        ["host", "content-length", "transfer-encoding", "connection", "te", "cookie", "origin"]
    ),
)
FIELDS = st.lists(st.tuples(NAMES, TEXT), max_size=6).map(tuple)


@given(WIRE, st.sampled_from(["GET", "HEAD"]), st.integers(1, 50), st.booleans())
@settings(max_examples=300, deadline=None)
def test_whatever_an_app_sends_is_a_response_or_a_fault(
    wire: bytes, method: str, step: int, eof: bool
) -> None:
    reader = ResponseReader(method, UpstreamLimits())
    with contextlib.suppress(RequestFault):
        for start in range(0, len(wire), step):
            reader.receive(wire[start : start + step])
        if eof:
            reader.receive_eof()
            assert reader.complete
    assert reader.buffered_bytes == sum(map(len, reader.pieces)) <= len(wire)


@given(WIRE, st.integers(1, 50))
@settings(max_examples=300, deadline=None)
def test_how_a_response_is_cut_into_reads_changes_nothing(wire: bytes, step: int) -> None:
    assert _outcome(wire, len(wire) or 1) == _outcome(wire, step)


def _outcome(wire: bytes, step: int) -> tuple[object, ...]:
    reader = ResponseReader("GET", UpstreamLimits())
    fault = ""
    try:
        for start in range(0, len(wire), step):
            reader.receive(wire[start : start + step])
    except RequestFault as error:
        fault = error.code
    whole = reader.complete and not fault
    return reader.head if whole else None, b"".join(reader.pieces) if whole else b"", fault


class _Parsed:
    """What a server understands."""

    def __init__(self, data: bytes) -> None:
        self.requests = 0
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.complete = self.refused = False
        try:
            httptools.HttpRequestParser(self).feed_data(data)
        except httptools.HttpParserError:
            self.refused = True

    def on_message_begin(self) -> None:
        self.requests += 1

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_message_complete(self) -> None:
        self.complete = True


@example((("0", "\x08"),), "")
@given(FIELDS, st.text(st.characters(max_codepoint=0x101), max_size=20))
@settings(max_examples=500, deadline=None)
def test_no_head_of_a_visitor_is_understood_as_two_requests(
    fields: tuple[tuple[str, str], ...], target: str
) -> None:
    head = RequestHead("GET", "/" + target, fields)
    try:
        upstream = request_fields(head, ROUTE, VISIT)
        framing = framing_fields("GET", 0, chunked=False)
        data = request_head("GET", head.target, upstream.host, upstream.fields, framing)
    except BadRequestFault:
        return
    parsed = _Parsed(data)
    if parsed.refused:  # browsers send such values too, and servers refuse some of them
        assert any(CONTROLS & set(value) for _, value in fields)
        return
    assert (parsed.requests, parsed.complete) == (1, True)
    assert parsed.target == head.target.encode()
    names = [name for name, _ in parsed.fields]
    assert names.count(b"host") == names.count(b"content-length") == 1
    assert b"transfer-encoding" not in {name.lower() for name in names}
    assert len(parsed.fields) == len(upstream.fields) + 2


@given(FIELDS)
@settings(max_examples=200, deadline=None)
def test_whatever_fields_an_app_sends_are_passed_or_dropped(
    fields: tuple[tuple[str, str], ...],
) -> None:
    asked = request_fields(RequestHead("GET", "/", ()), ROUTE, VISIT)
    kept = response_fields(fields, ROUTE, VISIT, asked)
    assert len(kept) <= len(fields)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_a_url_looks_like_it_never_gains_another_host(url: str) -> None:
    mapped = local_reference("http://localhost:3000" + url, ROUTE.upstream)
    assert mapped.startswith(("http://localhost:3000", "/"))
    assert not mapped.lstrip("\t\r\n").startswith("//")
    local_refresh(url, ROUTE.upstream)
    local_cookie(url, ROUTE.upstream)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@settings(max_examples=200, deadline=None)
def test_whatever_is_in_the_routes_file_is_routes_or_an_error(content: bytes) -> None:
    with contextlib.suppress(UsageError):
        parse_routes(content, Path("routes.json"))


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_as_an_upstream_is_this_machine_or_an_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        address = parse_upstream(text)
        assert address.path or all(
            host in ("127.0.0.1", "::1") or host.startswith("127.") for host in address.dial_hosts()
        )
        assert parse_upstream(address.text) == address
