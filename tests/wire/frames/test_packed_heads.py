"""The short way to read and write usual heads: both codecs alike, and as the long way does."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2claw import _fastframe, _pyframe
from p2claw.wire.frames.heads import (
    RequestHead,
    ResponseHead,
    decode_any_request,
    decode_request,
    encode_any_response,
    encode_request,
    encode_response,
)

BOTH = pytest.mark.parametrize("codec", [_fastframe, _pyframe], ids=lambda codec: codec.NAME)
MOST = 64

FIELDS = (("accept", "*/*"), ("x-cat", ""), ("user-agent", "m" * 300))
HEAD: dict[str, Any] = {"m": "GET", "p": "/a?b", "h": FIELDS}

# What is unusual in one way each, or wrong.
UNUSUAL = [
    {**HEAD, "m": "G ET"},
    {**HEAD, "m": ""},
    {**HEAD, "m": "M" * 33},
    {**HEAD, "m": b"GET"},
    {**HEAD, "p": "*"},
    {**HEAD, "p": ""},
    {**HEAD, "p": "/a b"},
    {**HEAD, "p": "/\xe9"},
    {**HEAD, "h": [["x", "\xe9"]]},
    {**HEAD, "h": [["X", "y"]]},
    {**HEAD, "h": [["", "y"]]},
    {**HEAD, "h": [["x", "a\nb"]]},
    {**HEAD, "h": [["x", "a\0b"]]},
    {**HEAD, "h": [["x", "y", "z"]]},
    {**HEAD, "h": [["x"]]},
    {**HEAD, "h": [["x", 1]]},
    {**HEAD, "h": 3},
    {**HEAD, "h": [["x", "y"]] * (MOST + 1)},
    {**HEAD, "u": 8},
    {**HEAD, "u": -1},
    {**HEAD, "u": 300},
    {**HEAD, "u": True},
    {**HEAD, "k": 1},
    {**HEAD, "c": "websocket"},
    {**HEAD, "z": 1},
    {"m": "GET", "p": "/"},
    {"m": "GET", "p": "/", "u": 1},
    {},
]

TEXT = st.text(st.characters(max_codepoint=0x101), max_size=40)
NAMES = st.one_of(TEXT, st.text("abz-0", min_size=1, max_size=40))
PAIRS = st.lists(st.tuples(NAMES, TEXT), max_size=18).map(tuple)
ODD = st.one_of(st.none(), st.integers(-300, 300), st.binary(max_size=3), TEXT, PAIRS)


@BOTH
def test_a_usual_request_is_read(codec: Any) -> None:
    assert codec.read_request(msgpack.packb(HEAD), MOST) == ("GET", "/a?b", FIELDS, 3)
    urgent = msgpack.packb({"u": 0, "h": [["x", "y"]] * 20, "p": "/", "m": "PURGE"})
    assert codec.read_request(urgent, MOST) == ("PURGE", "/", (("x", "y"),) * 20, 0)


@BOTH
@pytest.mark.parametrize("head", UNUSUAL, ids=repr)
def test_an_unusual_request_is_left_to_the_long_way(codec: Any, head: dict[str, Any]) -> None:
    assert codec.read_request(msgpack.packb(head), MOST) is None


@BOTH
def test_a_request_that_is_not_one_whole_value_is_left_too(codec: Any) -> None:
    payload = msgpack.packb(HEAD)
    assert codec.read_request(payload + b"\0", MOST) is None
    for end in range(len(payload)):
        assert codec.read_request(payload[:end], MOST) is None


@BOTH
def test_numbers_and_lengths_may_be_written_longer_than_they_are(codec: Any) -> None:
    long = b"\xde\0\x04\xd9\x01m\xda\0\x03GET\xa1p\xdb\0\0\0\x01/\xa1h\xdc\0\0\xa1u"
    for urgency in (b"\x05", b"\xcc\x05", b"\xcd\0\x05", b"\xd3" + bytes(7) + b"\x05", b"\xd0\x05"):
        assert codec.read_request(long + urgency, MOST) == ("GET", "/", (), 5)
    for urgency in (
        b"\xcc\xff",
        b"\xcd\1\x05",
        b"\xd0\xff",
        b"\xc0",
        b"\xc3",
        b"\xcb" + bytes(8),
        b"",
    ):
        assert codec.read_request(long + urgency, MOST) is None


@BOTH
def test_a_key_that_comes_twice_is_left_too(codec: Any) -> None:
    twice = b"\x84" + msgpack.packb(HEAD)[1:] + b"\xa1m\xa3GET"
    assert codec.read_request(twice, MOST) is None


@BOTH
@pytest.mark.parametrize("size", [0, 31, 32, 255, 256, 65_535])
def test_text_of_any_length_is_written_as_the_long_way_does(codec: Any, size: int) -> None:
    fields = (("n" * max(size, 1), "v" * size),) * (20 if size < 300 else 1)
    for status, reason in ((200, ""), (404, "Not Found")):
        head = ResponseHead(status, fields, reason=reason)
        assert codec.write_response(status, fields, reason, MOST) == encode_any_response(head)


@BOTH
@pytest.mark.parametrize(
    ("status", "fields", "reason"),
    [
        (199, (), ""),
        (600, (), ""),
        (True, (), ""),
        ("200", (), ""),
        (200, (("x", "\xe9"),), ""),
        (200, (("x", "a\rb"),), ""),
        (200, (("X", "y"),), ""),
        (200, (("", "y"),), ""),
        (200, (("x", 1),), ""),
        (200, (("x",),), ""),
        (200, (["x", "y"],), ""),
        (200, (("x", "v" * 65_536),), ""),
        (200, (("x", "y"),) * (MOST + 1), ""),
        (200, (), "r" * 257),
        (200, (), "caf\xe9"),
        (200, (), "a\x01"),
    ],
)
def test_an_unusual_response_is_left_to_the_long_way(
    codec: Any, status: Any, fields: Any, reason: str
) -> None:
    assert codec.write_response(status, fields, reason, MOST) is None


@BOTH
def test_of_several_fields_the_last_one_counts(codec: Any) -> None:
    fields = (("a", "1"), ("b", "2"), ("a", "3"))
    assert codec.value_of(fields, "a") == "3"
    assert codec.value_of(fields, "c") == ""
    assert codec.value_of(fields, "c", "none") == "none"


@BOTH
def test_fields_of_the_connection_are_left_out(codec: Any) -> None:
    looked_at = frozenset(("connection", "keep-alive", "transfer-encoding", "location", "te"))
    kept = (("a", "1"), ("connection", "keep-alive"), ("keep-alive", "5"), ("b", "2"))
    assert codec.look_through(kept, looked_at)[0] == (("a", "1"), ("b", "2"))
    assert codec.look_through((("transfer-encoding", "chunked"),), looked_at)[0] == ()
    for name, value in (("connection", "close"), ("location", "/"), ("te", "trailers")):
        assert codec.look_through((*kept, (name, value)), looked_at)[0] is None


@BOTH
def test_the_type_and_the_coding_of_a_content_are_found(codec: Any) -> None:
    looked_at = frozenset(("connection", "keep-alive", "transfer-encoding", "location"))
    assert codec.look_through((), looked_at) == ((), "", "identity")
    fields = (("location", "/"), ("content-encoding", "br"), ("content-type", "text/html"))
    assert codec.look_through(fields, looked_at) == (None, "text/html", "br")


_LOOKED_AT = ("connection", "keep-alive", "transfer-encoding", "location")
_SEEN = st.sampled_from((*_LOOKED_AT, "content-type", "content-encoding", "server"))


@given(st.lists(st.tuples(_SEEN, st.sampled_from(("keep-alive", "close", "a", "b")))).map(tuple))
def test_both_look_through_fields_alike(fields: tuple[tuple[str, str], ...]) -> None:
    looked_at = frozenset(_LOOKED_AT)
    assert _fastframe.look_through(fields, looked_at) == _pyframe.look_through(fields, looked_at)


@given(
    st.one_of(
        st.dictionaries(st.sampled_from("mphukc"), ODD).map(lambda odd: {**HEAD, **odd}),
        PAIRS.map(lambda fields: {**HEAD, "h": fields}),
        st.dictionaries(st.sampled_from("mphukc"), ODD),
    )
)
@settings(max_examples=500, deadline=None)
def test_both_read_the_same_request(head: dict[str, Any]) -> None:
    payload = msgpack.packb(head)
    found = _fastframe.read_request(payload, MOST)
    assert found == _pyframe.read_request(payload, MOST)
    if found is not None:
        assert decode_request(payload) == decode_any_request(payload) == RequestHead(*found)


@given(st.binary(max_size=60), st.integers(0, 40))
@settings(max_examples=500, deadline=None)
def test_both_read_the_same_of_any_bytes(noise: bytes, at: int) -> None:
    usual = encode_request(RequestHead("GET", "/", (("accept", "*/*"), ("x", "y" * 40))))
    for payload in (noise, usual[:at] + noise + usual[at + len(noise) :]):
        assert _fastframe.read_request(payload, MOST) == _pyframe.read_request(payload, MOST)


@given(st.integers(190, 610), PAIRS, TEXT)
@settings(max_examples=500, deadline=None)
def test_both_write_the_same_response(status: int, fields: Any, reason: str) -> None:
    written = _fastframe.write_response(status, fields, reason, MOST)
    assert written == _pyframe.write_response(status, fields, reason, MOST)
    if written is not None:
        head = ResponseHead(status, fields, reason=reason)
        assert encode_response(head) == encode_any_response(head) == written
