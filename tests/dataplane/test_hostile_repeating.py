"""What a hostile peer may do that says it repeats its messages by itself (docs/WIRE.md §18)."""

from __future__ import annotations

import struct

from p2claw.dataplane.core._sctp import Association, AssociationClosed, MessageReceived
from tests.dataplane.packets import chunk, data, packet
from tests.dataplane.test_association import PEER_TSN, TAG, closed, established

FORWARD, RECONFIG = 192, 130
OUR_REQUEST = 1000  # the number of our first one: our initial TSN
BEGIN, END, WHOLE = 2, 1, 3


def frame(payload: bytes) -> bytes:
    return struct.pack("!HBBI", len(payload), 0x43, 0, 0) + payload


def news(number: int = 0, lowest: int = 0) -> bytes:
    return frame(struct.pack("!HH", number, lowest))


def part(number: int, start: int, total: int, body: bytes) -> bytes:
    return frame(struct.pack("!HII", number, start, total) + body)


def repeating(extensions: bytes = b"") -> Association:
    """One whose peer has said so with its first message."""
    association = established(extensions, admits_repeating=True)
    association.receive(packet(TAG, data(PEER_TSN, news(), ssn=0)), 0.0)
    return association


def reset(request: int, last_tsn: int) -> bytes:
    return chunk(RECONFIG, struct.pack("!HHLLLH", 13, 18, request, 0, last_tsn, 0) + b"\0\0")


def response(request: int) -> bytes:
    return chunk(RECONFIG, struct.pack("!HHLL", 16, 12, request, 1))


def test_a_stream_that_is_reset_is_not_waited_for() -> None:
    association = repeating(b"\x80\x08\x00\x05\x82\0\0\0")  # RFC 5061 §4.2.7
    association.receive(packet(TAG, reset(PEER_TSN, PEER_TSN)), 0.1)
    association.to_send(0.1)  # with our own request
    association.receive(packet(TAG, response(OUR_REQUEST), data(PEER_TSN + 1, b"x", stream=2)), 0.2)
    association.receive(packet(TAG, data(PEER_TSN + 3, b"x", stream=2, ssn=1)), 0.3)
    association.handle_timeout(1.0)
    assert association.stats()["state"] == "established"


def test_whoever_repeats_may_skip_nothing() -> None:
    association = repeating()
    skip = struct.pack("!LHH", PEER_TSN + 1, 0, 30_000)
    association.receive(packet(TAG, chunk(FORWARD, skip)), 0.1)
    assert closed(association).code == "bad-skip"


def test_a_gap_of_another_stream_wakes_nobody_for_ever() -> None:
    association = repeating()
    association.receive(packet(TAG, data(PEER_TSN + 2, b"x", stream=2)), 0.1)
    now, wakes = 0.1, 0
    while (at := association.next_timeout()) is not None and at < 5.0:
        now = max(now, at)
        association.handle_timeout(now)
        association.to_send(now)
        wakes += 1
    assert wakes < 50


def test_a_part_that_does_not_fit_is_left_out() -> None:
    association = repeating()
    begins = data(PEER_TSN + 1, b"a" * 100, ssn=1, flags=BEGIN)
    ends = data(PEER_TSN + 3, b"c" * 100, ssn=1, flags=END)
    association.receive(packet(TAG, begins, ends), 0.1)
    wrong = [
        part(1, 101, 300, b"b" * 100),  # a hole before it
        part(1, 100, 301, b"b" * 100),  # and after it
        part(1, 100, 0xFFFFFFFF, b"b" * 100),
        part(1, 0xFFFFFFFF, 0xFFFFFFFF, b""),
        part(1, 100, 50, b"b"),
        part(0, 0, 10, b"b" * 10),  # it was whole
        part(9000, 0, 10, b"b" * 10),
        frame(b"short"),
    ]
    for at, message in enumerate(wrong):
        association.receive(packet(TAG, data(PEER_TSN + 4 + at, message, ssn=2 + at)), 0.2)
    assert association.next_event() is None
    last = len(wrong)
    right = part(1, 90, 300, b"B" * 120)  # more than is missing
    association.receive(packet(TAG, data(PEER_TSN + 4 + last, right, ssn=2 + last)), 0.3)
    event = association.next_event()
    assert isinstance(event, MessageReceived)
    assert event.data == b"a" * 90 + b"B" * 120 + b"c" * 90
    assert association.stats()["buffered_in_bytes"] == 0


def test_closed_events_end_the_asking() -> None:
    association = repeating()
    association.receive(packet(TAG, data(PEER_TSN + 2, b"x", ssn=2)), 0.1)
    association.abort("over")
    assert association.next_timeout() is None
    assert isinstance(association.next_event(), AssociationClosed)
