"""Heads of our own that may not be sent; what remotes send is in the vectors."""

from __future__ import annotations

import pytest

from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.heads import (
    RequestHead,
    ResponseHead,
    decode_request,
    encode_request,
    encode_response,
    encode_trailers,
    has_no_body,
)
from p2claw.wire.frames.limits import Limits


@pytest.mark.parametrize(
    "head",
    [
        RequestHead("GET", "http://elsewhere/", ()),
        RequestHead("GET", "/", (("Accept", "x"),)),
        RequestHead("GET", "/", (("accept", "a\r\nb"),)),
        RequestHead("GET", "/", (("accept", "\u0100"),)),
        RequestHead("GET", "/", (), urgency=8),
        RequestHead("GET", "/", (("accept", b"x"),)),  # type: ignore[arg-type]
    ],
)
def test_a_request_head_that_a_box_would_refuse_is_not_sent(head: RequestHead) -> None:
    with pytest.raises(LocalProtocolError) as refused:
        encode_request(head)
    assert refused.value.code == "head-invalid"


@pytest.mark.parametrize(
    "head",
    [
        ResponseHead(100, ()),
        ResponseHead(200, (("Etag", "x"),)),
        ResponseHead(502, (), error="App Down"),
    ],
)
def test_a_response_head_that_a_visitor_would_refuse_is_not_sent(head: ResponseHead) -> None:
    with pytest.raises(LocalProtocolError) as refused:
        encode_response(head)
    assert refused.value.code == "head-invalid"


@pytest.mark.parametrize("fields", [(("a", "b" * 262_144),), (("a", "b"),) * 1_025])
def test_a_head_above_a_limit_is_not_sent(fields: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(LocalProtocolError) as refused:
        encode_response(ResponseHead(200, fields))
    assert refused.value.code == "head-too-large"


@pytest.mark.parametrize(
    "head",
    [
        RequestHead("GET", "/" + "a" * 131_071, ()),
        RequestHead("GET", "/", (("a", "b" * 262_122),)),
        RequestHead("GET", "/", tuple((f"x-{n}", str(n)) for n in range(1_024))),
    ],
    ids=["target", "bytes", "fields"],
)
def test_a_head_as_large_as_it_may_be_is_sent_and_read(head: RequestHead) -> None:
    assert decode_request(encode_request(head)) == head


def test_trailers_are_held_to_the_same_limits() -> None:
    with pytest.raises(LocalProtocolError) as refused:
        encode_trailers((("a", "b"),) * 3, Limits(head_fields=2))
    assert refused.value.code == "head-too-large"


@pytest.mark.parametrize(
    ("method", "status", "none"),
    [
        ("HEAD", 200, True),
        ("GET", 204, True),
        ("GET", 205, True),
        ("GET", 304, True),
        ("GET", 200, False),
        ("POST", 404, False),
    ],
)
def test_which_responses_have_no_body(method: str, status: int, none: bool) -> None:
    assert has_no_body(method, status) is none
