"""What a session refuses of its own side, and with which error."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from p2claw.errors import LinkError, LocalProtocolError, P2clawError, StreamResetError
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import Limits
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session
from tests.wire.session.pair import Pair, emitted, events

GET = RequestHead("GET", "/", ())
OK = ResponseHead(200, ())


@pytest.fixture
def pair() -> Pair:
    """A pair that has sent HELLO, with stream 1 asked for and its request still open."""
    pair = Pair()
    pair.visitor.streams.open_request(GET, end=False)
    pair.exchange()
    events(pair.visitor)
    events(pair.box)
    return pair


def _code(call: Callable[[], object], kind: type[P2clawError] = LocalProtocolError) -> str:
    with pytest.raises(kind) as refused:
        call()
    return refused.value.code


def test_a_visitor_without_an_app_is_not_made() -> None:
    assert _code(lambda: Session(Role.VISITOR)) == "app-wrong"


def test_a_box_with_an_app_is_not_made() -> None:
    assert _code(lambda: Session(Role.BOX, app="dog")) == "app-wrong"


def test_a_box_opens_no_streams(pair: Pair) -> None:
    assert _code(lambda: pair.box.streams.open_request(GET, end=True)) == "role-wrong"


def test_a_visitor_sends_no_responses(pair: Pair) -> None:
    assert _code(lambda: pair.visitor.streams.send_response(1, OK, end=True)) == "role-wrong"


def test_a_stream_above_the_limit_is_not_opened() -> None:
    visitor = Session(Role.VISITOR, app="dog")
    for _ in range(16):
        visitor.streams.open_request(GET, end=True)
    assert _code(lambda: visitor.streams.open_request(GET, end=True)) == "streams-exhausted"


def test_a_visitor_that_has_sent_goaway_opens_nothing(pair: Pair) -> None:
    pair.visitor.goaway(Code.SHUTDOWN)
    assert _code(lambda: pair.visitor.streams.open_request(GET, end=True)) == "goaway"


def test_a_head_that_is_refused_uses_no_id(pair: Pair) -> None:
    bad = RequestHead("GET", "nowhere", ())
    assert _code(lambda: pair.visitor.streams.open_request(bad, end=True)) == "head-invalid"
    assert pair.visitor.streams.open_request(GET, end=True) == 3


def test_data_before_the_response_is_out_of_order(pair: Pair) -> None:
    assert _code(lambda: pair.box.streams.send_data(1, b"x")) == "out-of-order"


def test_a_second_response_is_out_of_order(pair: Pair) -> None:
    pair.box.streams.send_response(1, OK, end=False)
    assert _code(lambda: pair.box.streams.send_response(1, OK, end=False)) == "out-of-order"


def test_data_after_the_end_is_out_of_order(pair: Pair) -> None:
    pair.visitor.streams.send_data(1, b"x", end=True)
    assert _code(lambda: pair.visitor.streams.send_data(1, b"y")) == "out-of-order"


def test_trailers_after_the_end_are_out_of_order(pair: Pair) -> None:
    pair.visitor.streams.send_data(1, b"x", end=True)
    assert _code(lambda: pair.visitor.streams.send_trailers(1, ())) == "out-of-order"


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_response_without_a_body_accepts_none(pair: Pair, status: int) -> None:
    pair.box.streams.send_response(1, ResponseHead(status, ()), end=False)
    assert _code(lambda: pair.box.streams.send_data(1, b"x")) == "no-body"


def test_a_stream_that_was_never_opened_is_unknown(pair: Pair) -> None:
    assert _code(lambda: pair.box.streams.send_data(99, b"x")) == "stream-unknown"


def test_a_writer_on_a_reset_stream_learns_the_code(pair: Pair) -> None:
    pair.visitor.streams.reset(1, Code.CANCEL)
    pair.exchange()
    with pytest.raises(StreamResetError) as refused:
        pair.box.streams.send_response(1, OK, end=True)
    assert refused.value.reset_code == Code.CANCEL


def test_a_writer_on_a_stream_that_we_reset_learns_our_code(pair: Pair) -> None:
    pair.visitor.streams.reset(1, Code.TIMEOUT)
    with pytest.raises(StreamResetError) as refused:
        pair.visitor.streams.send_data(1, b"x")
    assert refused.value.reset_code == Code.TIMEOUT


def test_more_cannot_be_consumed_than_came(pair: Pair) -> None:
    pair.visitor.streams.send_data(1, b"xy")
    pair.exchange()
    assert _code(lambda: pair.box.streams.consumed(1, 3)) == "consumed-too-much"


def test_consuming_on_a_closed_stream_is_nothing(pair: Pair) -> None:
    pair.visitor.streams.reset(1, Code.CANCEL)
    pair.visitor.streams.consumed(1, 1_000_000)
    pair.exchange()
    assert not pair.visitor.failed


@pytest.mark.parametrize(
    "call",
    [
        lambda session: session.streams.open_request(GET, end=True),
        lambda session: session.streams.send_data(1, b"x"),
        lambda session: session.streams.send_trailers(1, ()),
    ],
)
def test_after_failure_nothing_is_sent(pair: Pair, call: Callable[[Session], object]) -> None:
    pair.visitor.receive(b"", pair.now)
    assert _code(lambda: call(pair.visitor), LinkError) == "link-lost"


def test_after_failure_the_rest_of_the_calls_are_nothing(pair: Pair) -> None:
    pair.visitor.receive(b"", pair.now)
    events(pair.visitor)
    pair.visitor.to_send(pair.now)
    pair.visitor.streams.reset(1, Code.CANCEL)
    pair.visitor.streams.consumed(1, 1)
    pair.visitor.goaway(Code.SHUTDOWN)
    pair.visitor.ping(pair.now)
    pair.visitor.handle_timeout(1_000.0)
    assert events(pair.visitor) == []
    assert pair.visitor.to_send(pair.now) is None


def test_queued_counts_what_has_not_been_handed_out(pair: Pair) -> None:
    pair.visitor.streams.send_data(1, b"x" * 20_000)
    pair.visitor.to_send(pair.now)
    assert pair.visitor.streams.queued(1) == 20_000 - 16_376


def test_the_producer_is_notified_when_it_may_go_on() -> None:
    pair = Pair()
    pair.visitor.streams.open_request(GET, end=False)
    pair.exchange()
    events(pair.visitor)
    pair.visitor.streams.send_data(1, b"x" * 300_000)
    pair.exchange()
    assert emitted(pair.visitor, ev.StreamWritable) == [ev.StreamWritable(1)]


def test_a_buffer_that_is_not_bytes_is_sent_as_bytes(pair: Pair) -> None:
    pair.visitor.streams.send_data(1, memoryview(bytearray(b"abcd")).cast("H"), end=True)
    pair.exchange()
    assert emitted(pair.box, ev.DataReceived) == [ev.DataReceived(1, b"abcd", True)]


def test_the_peer_is_not_known_before_its_hello() -> None:
    assert Pair().visitor.peer_hello is None


def test_the_peer_is_known_after_its_hello() -> None:
    pair = Pair(limits=Limits(streams=20))
    pair.exchange()
    hello = pair.visitor.peer_hello
    assert hello is not None
    assert (hello.role, hello.streams, hello.window_bytes) == (Role.BOX, 20, 262_144)


def test_traffic_is_counted_alike_on_both_sides(pair: Pair) -> None:
    pair.visitor.streams.send_data(1, b"x" * 50_000, end=True)
    pair.exchange()
    out, into = pair.visitor.counters, pair.box.counters
    assert (out.messages_out, out.frames_out, out.bytes_out) == (
        into.messages_in,
        into.frames_in,
        into.bytes_in,
    )
