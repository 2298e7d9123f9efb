"""A session that goes on over another link: nothing is lost, nothing comes twice."""

from __future__ import annotations

import pytest

from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import FrameType
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.payloads import received_payload
from p2claw.wire.session import events as ev
from p2claw.wire.session.delivery import ACK_AFTER_S, KEPT_BYTES, MESSAGE_COST_BYTES, Resumption
from p2claw.wire.session.session import Session
from tests.wire.session.browsing import Browsing
from tests.wire.session.pair import Pair, emitted, events

GET = RequestHead("GET", "/", ())
OK = ResponseHead(200, ())
SEEDS = 250


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_body_arrives_once_though_links_are_lost_at_any_moment(
    codec: Codec, seed: int
) -> None:
    browsing = Browsing(seed, codec, exchanges=12, cancel=0, lose=0.1)
    browsing.run()
    assert browsing.lost
    for exchange in browsing.all:
        for half in (exchange.up, exchange.down):
            assert half.ended
            assert bytes(half.got) == half.body
            assert half.got_trailers == half.trailers


@pytest.mark.parametrize("seed", range(5))
def test_cancelling_and_losing_links_leaves_nothing_behind(codec: Codec, seed: int) -> None:
    browsing = Browsing(seed, codec, exchanges=60, cancel=0.05, lose=0.05)
    browsing.run()
    browsing.pair.exchange()
    for session in (browsing.pair.visitor, browsing.pair.box):
        assert not session.failed
        assert len(session.streams) == 0


def test_what_came_is_acknowledged_within_a_moment_and_kept_no_longer(codec: Codec) -> None:
    pair = Pair(codec=codec, token=b"crab")
    pair.exchange()
    for session in (pair.visitor, pair.box):
        assert session.next_timeout() == ACK_AFTER_S
    pair.now = ACK_AFTER_S
    pair.exchange()
    for session in (pair.visitor, pair.box):
        assert session._outbox.kept == 0
        assert session.next_timeout() == pytest.approx(20 + ACK_AFTER_S)


def test_nothing_more_is_sent_to_one_that_acknowledges_nothing(codec: Codec) -> None:
    pair = Pair(codec=codec, token=b"crab")
    pair.exchange()
    ids = [pair.visitor.streams.open_request(GET, end=True) for _ in range(8)]
    pair.exchange()
    events(pair.visitor)
    for id in ids:
        pair.box.streams.send_response(id, OK, end=False)
        pair.box.streams.send_data(id, b"b" * 1_000_000)
    sent = 0
    while message := pair.box.to_send(pair.now):
        sent += len(message) + MESSAGE_COST_BYTES
    assert KEPT_BYTES <= sent < KEPT_BYTES + 16_384 + MESSAGE_COST_BYTES


def test_an_acknowledgement_asks_for_nothing_unless_something_waited_for_it(codec: Codec) -> None:
    pair = Pair(codec=codec, token=b"crab")
    pair.exchange()
    pair.visitor.streams.open_request(GET, end=True)
    pair.exchange()
    events(pair.visitor)
    pair.box.streams.send_response(1, OK, end=False)
    pair.box._side.scheduler.credit(1, 3 * KEPT_BYTES)
    for waits in (False, True):
        pair.box.streams.send_data(1, bytes(2 * KEPT_BYTES * waits + 1))
        while pair.box.to_send(pair.now):
            pass
        received = received_payload(pair.box._outbox.sent)
        message = codec.encode_frame(FrameType.RECEIVED, 0, 0, received)
        assert pair.box._outbox.is_full == waits
        assert pair.box.receive(message, pair.now) == waits
        assert pair.box._outbox.kept == 0


def test_small_messages_count_what_they_cost_beside_their_bytes(codec: Codec) -> None:
    pair = Pair(codec=codec, token=b"crab")
    pair.exchange()
    sent = 0
    while sent < KEPT_BYTES and not pair.box._outbox.is_full:
        pair.box.ping(pair.now)
        message = pair.box.to_send(pair.now)
        assert message is not None
        sent += len(message)
    assert sent < KEPT_BYTES / 3


def test_those_acknowledged_one_by_one_are_not_sent_again(codec: Codec) -> None:
    pair = Pair(codec=codec, token=b"crab")
    pair.exchange()
    outbox, first = pair.box._outbox, pair.box._outbox.sent
    assert outbox.acknowledged(first)
    for number in range(10):
        outbox.keep(bytes([number]))
    for acknowledged in range(1, 8):
        assert outbox.acknowledged(first + acknowledged)
        assert outbox.repeat(first + acknowledged)
        again = [outbox.again() for _ in range(10 - acknowledged)]
        assert again == [bytes([number]) for number in range(acknowledged, 10)]
        assert outbox.again() is None


def test_a_count_of_what_was_never_sent_ends_the_session(codec: Codec) -> None:
    pair = Pair(codec=codec, token=b"crab")
    pair.exchange()
    pair.box.resume(1_000, pair.now)
    assert pair.box.failed


def test_an_acknowledgement_that_goes_back_ends_the_session(codec: Codec) -> None:
    pair = Pair(codec=codec, token=b"crab")
    pair.exchange()
    pair.now = ACK_AFTER_S
    pair.exchange()
    pair.box.receive(bytes.fromhex("0008400000000000") + bytes(8), pair.now)
    assert pair.box.failed


def test_a_session_without_a_token_keeps_nothing(codec: Codec) -> None:
    pair = Pair(codec=codec)
    pair.exchange()
    assert pair.visitor.resumption is None
    assert pair.box._outbox.kept == 0
    assert pair.visitor.next_timeout() == 20


def test_a_box_that_knows_no_such_session_goes_on_with_a_new_one(codec: Codec) -> None:
    pair = Pair(codec=codec, token=b"crab")
    old = Resumption(b"long gone", 7)
    pair.visitor = Session(Role.VISITOR, app="dog", codec=codec, resumes=old)
    pair.exchange()
    assert emitted(pair.box, ev.ResumeAsked) == [ev.ResumeAsked(b"long gone", 7)]
    pair.box.refuse_resume()
    pair.now = ACK_AFTER_S
    pair.exchange()
    assert emitted(pair.visitor, ev.ResumeReplied) == [ev.ResumeReplied(None)]
    id = pair.visitor.streams.open_request(GET, end=True)
    pair.exchange()
    assert [event.stream for event in emitted(pair.box, ev.RequestReceived)] == [id]
    pair.now += ACK_AFTER_S
    pair.exchange()
    assert not pair.box.failed
    assert not pair.visitor.failed


def test_a_box_that_does_not_offer_it_goes_on_with_a_new_session(codec: Codec) -> None:
    pair = Pair(codec=codec)
    old = Resumption(b"crab", 7)
    pair.visitor = Session(Role.VISITOR, app="dog", codec=codec, resumes=old)
    pair.exchange()
    assert emitted(pair.box, ev.ResumeAsked) == []
    assert emitted(pair.visitor, ev.ResumeReplied) == [ev.ResumeReplied(None)]
