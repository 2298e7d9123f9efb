"""Two sessions over a pipe in memory: many exchanges, credit, cancelling, draining, fairness."""

from __future__ import annotations

import pytest

from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.session import events as ev
from tests.wire.session.browsing import Browsing
from tests.wire.session.pair import Pair, emitted, events

GET = RequestHead("GET", "/", ())
OK = ResponseHead(200, ())


@pytest.mark.parametrize("seed", range(4))
def test_every_body_arrives_whole_whatever_the_order(codec: Codec, seed: int) -> None:
    browsing = Browsing(seed, codec, exchanges=60, cancel=0)
    browsing.run()
    for exchange in browsing.all:
        for half in (exchange.up, exchange.down):
            assert half.ended
            assert bytes(half.got) == half.body
            assert half.got_trailers == half.trailers


@pytest.mark.parametrize("seed", range(4))
def test_cancelled_exchanges_do_not_touch_the_others(codec: Codec, seed: int) -> None:
    browsing = Browsing(seed, codec, exchanges=80, cancel=0.02)
    browsing.run()
    whole = [exchange for exchange in browsing.all if not exchange.cancelled]
    assert 0 < len(whole) < 80
    for exchange in whole:
        assert bytes(exchange.up.got) == exchange.up.body
        assert bytes(exchange.down.got) == exchange.down.body


@pytest.mark.parametrize("seed", range(4))
def test_no_session_is_left_with_anything(codec: Codec, seed: int) -> None:
    browsing = Browsing(seed, codec, exchanges=80, cancel=0.05)
    browsing.run()
    browsing.pair.exchange()
    for session in (browsing.pair.visitor, browsing.pair.box):
        assert not session.failed
        assert len(session.streams) == 0
        assert session.to_send(browsing.pair.now) is None


def test_the_same_seed_makes_the_same_bytes_on_both_codecs() -> None:
    from tests.wire.conftest import CODECS

    counters = []
    for codec in CODECS:
        browsing = Browsing(7, codec, exchanges=40, cancel=0.02)
        browsing.run()
        counters.append((browsing.pair.visitor.counters, browsing.pair.box.counters))
    assert counters[0] == counters[1]


def test_a_reader_that_never_reads_gets_no_more_than_the_window(codec: Codec) -> None:
    pair = Pair(codec=codec)
    pair.exchange()
    id = pair.visitor.streams.open_request(GET, end=True)
    pair.exchange()
    pair.box.streams.send_response(id, OK, end=False)
    pair.box.streams.send_data(id, b"b" * 5_000_000, end=True)
    pair.exchange()
    got = sum(len(event.data) for event in emitted(pair.visitor, ev.DataReceived))
    assert got == 1_048_576
    assert pair.down.most_outstanding == 1_048_576


def test_a_small_response_passes_a_large_one_in_one_message(codec: Codec) -> None:
    pair = Pair(codec=codec)
    large = pair.visitor.streams.open_request(GET, end=True)
    small = pair.visitor.streams.open_request(GET, end=True)
    pair.exchange()
    pair.box.streams.send_response(large, OK, end=False)
    pair.box.streams.send_data(large, b"b" * 5_000_000)
    for _ in range(10):
        pair.step(1)
    events(pair.visitor)
    pair.box.streams.send_response(small, OK, end=False)
    pair.box.streams.send_data(small, b"s" * 2_000, end=True)
    pair.step(1)
    ended = [e.stream for e in emitted(pair.visitor, ev.DataReceived) if e.end]
    assert ended == [small]


def test_two_hundred_small_responses_leave_bulk_its_eighth(codec: Codec) -> None:
    pair = Pair(codec=codec)
    large = pair.visitor.streams.open_request(GET, end=True)
    pair.exchange()
    pair.box.streams.send_response(large, OK, end=False)
    pair.box.streams.send_data(large, b"b" * 1_000_000)
    for _ in range(8):
        pair.step(1)
    events(pair.visitor)
    events(pair.box)
    got = 0
    for _ in range(160):
        while len(pair.visitor.streams) < 100:
            pair.visitor.streams.open_request(GET, end=True)
        pair.step(1)
        for event in events(pair.box):
            if isinstance(event, ev.RequestReceived):
                pair.box.streams.send_response(event.stream, OK, end=False)
                pair.box.streams.send_data(event.stream, b"s" * 16_000, end=True)
        data = [e for e in events(pair.visitor) if isinstance(e, ev.DataReceived)]
        got += sum(len(e.data) for e in data if e.stream == large)
    assert got >= 160 // 8 * 15_000


def test_a_drained_session_finishes_what_is_open_and_admits_nothing_new(codec: Codec) -> None:
    pair = Pair(codec=codec)
    id = pair.visitor.streams.open_request(GET, end=True)
    pair.exchange()
    pair.box.goaway(Code.SHUTDOWN, "restarting")
    late = pair.visitor.streams.open_request(GET, end=True)
    pair.exchange()
    pair.box.streams.send_response(id, OK, end=False)
    pair.box.streams.send_data(id, b"all of it", end=True)
    pair.exchange()
    visitor_events = events(pair.visitor)
    assert ev.GoawayReceived(id, Code.SHUTDOWN, "restarting") in visitor_events
    assert ev.DataReceived(id, b"all of it", True) in visitor_events
    assert [e.stream for e in visitor_events if isinstance(e, ev.StreamReset)] == [late]
    assert len(pair.visitor.streams) == len(pair.box.streams) == 0


def test_both_sides_ping_through_a_long_silence(codec: Codec) -> None:
    pair = Pair(codec=codec)
    pair.exchange()
    pongs = 0
    while pair.now < 600:
        timeouts = [pair.visitor.next_timeout(), pair.box.next_timeout()]
        pair.now = min(at for at in timeouts if at is not None)
        pair.visitor.handle_timeout(pair.now)
        pair.box.handle_timeout(pair.now)
        pair.exchange()
        pongs += len(emitted(pair.visitor, ev.PongReceived)) + len(
            emitted(pair.box, ev.PongReceived)
        )
    assert not pair.visitor.failed
    assert not pair.box.failed
    assert pongs >= 30
